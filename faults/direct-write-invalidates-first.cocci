// SPDX-License-Identifier: GPL-2.0
// breaks: a direct write invalidates only the first page of its range of the page cache
// claim: S7
// rule: bytes-arrive
// file: fs/iomap/direct-io.c
// resembles: nothing known
// tests: direct-cache.*-file.read-into-cache
@@
identifier f = {__iomap_dio_rw};
identifier iocb;
expression E;
@@
 f(...)
 {
 <...
-kiocb_invalidate_pages(iocb, E)
+kiocb_invalidate_pages(iocb, 1)
 ...>
 }
@@
identifier f = {iomap_dio_complete};
identifier iocb;
expression E;
@@
 f(...)
 {
 <...
-kiocb_invalidate_post_direct_write(iocb, E)
+kiocb_invalidate_post_direct_write(iocb, 1)
 ...>
 }
