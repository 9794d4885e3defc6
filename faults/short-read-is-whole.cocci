// SPDX-License-Identifier: GPL-2.0
// breaks: a direct read over the end of a file says that it read all that was asked for
// claim: S7
// rule: bytes-arrive
// file: fs/iomap/direct-io.c
// resembles: fixes of short direct reads
// tests: sequential.*
@@
identifier f =~ "^iomap_dio_complete$";
expression dio, offset, ret;
@@
 f(...)
 {
 <...
-ret = dio->i_size - offset;
 ...>
 }
