// SPDX-License-Identifier: GPL-2.0
// breaks: ext4 serves O_DIRECT through the page cache
// claim: S7
// rule: direct-is-direct
// file: fs/ext4/file.c
// resembles: nothing known
// tests: coherent.rw.dio-read coherent.rw.dio-write
@@
identifier f = {ext4_file_read_iter, ext4_file_write_iter};
identifier iocb;
@@
 f(struct kiocb *iocb, ...)
 {
 <...
-iocb->ki_flags & IOCB_DIRECT
+(iocb->ki_flags &= ~IOCB_DIRECT) & IOCB_DIRECT
 ...>
 }
