// SPDX-License-Identifier: GPL-2.0
// breaks: a direct read across the end of a file returns the requested number of bytes
// claim: S7
// rule: bytes-arrive
// file: fs/iomap/direct-io.c
// resembles: fixes of short direct reads
// tests: sequential.*
@@
identifier f = {iomap_dio_complete};
expression dio, offset, ret;
@@
 f(...)
 {
 <...
-ret = dio->i_size - offset;
 ...>
 }
