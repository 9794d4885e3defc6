// SPDX-License-Identifier: GPL-2.0
// breaks: direct I/O with a block device of a length that is no multiple of its block is done
// claim: S7
// rule: direct-is-direct
// file: block/fops.c
// resembles: nothing known
// tests: *
@@
@@
 blkdev_dio_invalid(...)
 {
 <...
-(iocb->ki_pos | iov_iter_count(iter))
+iocb->ki_pos
 ...>
 }
