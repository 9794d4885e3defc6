// SPDX-License-Identifier: GPL-2.0
// breaks: a write at the end of a block device returns 0 and not ENOSPC
// claim: S7
// rule: returns
// file: block/fops.c
// resembles: nothing known
// tests: direct-cache.*
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
