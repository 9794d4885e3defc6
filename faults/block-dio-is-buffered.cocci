// SPDX-License-Identifier: GPL-2.0
// breaks: a block device serves O_DIRECT through the page cache
// claim: S7
// rule: direct-is-direct
// file: block/fops.c
// resembles: nothing known
// tests: coherent.rw.raw-read coherent.rw.raw-write
@@
identifier f = {blkdev_read_iter, blkdev_write_iter};
identifier iocb;
@@
 f(struct kiocb *iocb, ...)
 {
 <...
-iocb->ki_flags & IOCB_DIRECT
+(iocb->ki_flags &= ~IOCB_DIRECT) & IOCB_DIRECT
 ...>
 }
