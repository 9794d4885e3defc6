// SPDX-License-Identifier: GPL-2.0
// breaks: a direct transfer does not advance the file position
// claim: S7
// rule: position-follows
// file: fs/iomap/direct-io.c
// resembles: fixes that set the position of an iocb twice or not at all
// tests: sequential.*
@@
identifier f = {iomap_dio_complete};
expression iocb, ret;
@@
 f(...)
 {
 <...
-iocb->ki_pos += ret;
 ...>
 }
