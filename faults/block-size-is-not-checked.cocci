// SPDX-License-Identifier: GPL-2.0
// breaks: a block device takes direct transfers of parts of blocks
// claim: S7
// rule: blocks-are-whole
// file: block/fops.c
// resembles: nothing known
// tests: blocks.*-raw-4k.as-told
@@
identifier f = {blkdev_dio_unaligned, blkdev_dio_invalid};
expression E;
@@
 f(...)
 {
-return E;
+return false;
 }
