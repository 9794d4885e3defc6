// SPDX-License-Identifier: GPL-2.0
// breaks: a write at the end of a block device returns 0 and not ENOSPC
// claim: S7
// rule: bytes-arrive
// file: block/fops.c
// resembles: nothing known
// tests: direct-cache.*-raw.end-of-device
@@
expression a, b;
@@
 blkdev_write_iter(...)
 {
 <...
-return -ENOSPC;
+return 0;
 ...>
 }
