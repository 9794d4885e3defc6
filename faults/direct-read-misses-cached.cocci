// SPDX-License-Identifier: GPL-2.0
// breaks: a direct read writes only the first page of its range of the page cache back before
// claim: S9
// rule: bytes-arrive
// file: fs/iomap/direct-io.c
// resembles: nothing known
// tests: direct-cache.*-file.written-through-mapping
@@
identifier f = {__iomap_dio_rw};
symbol iocb, iomi, len;
@@
 f(...)
 {
 <...
-kiocb_write_and_wait(iocb, iomi.len)
+kiocb_write_and_wait(iocb, min_t(u64, iomi.len, PAGE_SIZE))
 ...>
 }
