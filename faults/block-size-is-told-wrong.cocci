// SPDX-License-Identifier: GPL-2.0
// breaks: statx() says that direct transfers of a block device may have any sector
// claim: S7
// rule: blocks-are-whole
// file: block/bdev.c
// resembles: nothing known
// tests: blocks.*-raw-4k.as-told
@@
identifier f = {bdev_statx, bdev_statx_dioalign};
expression E;
@@
 f(...)
 {
 <...
-stat->dio_offset_align = E;
+stat->dio_offset_align = SECTOR_SIZE;
 ...>
 }
