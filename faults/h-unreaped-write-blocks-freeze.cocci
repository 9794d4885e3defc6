// SPDX-License-Identifier: GPL-2.0
// breaks: a filesystem cannot be frozen while a finished write of io_uring is not taken from its ring
// claim: S7
// rule: legal-calls-work
// file: io_uring/rw.c
// history: io_uring/rw: end write accounting from ->ki_complete (796aa0547557)
// source: Debian's changelog of linux 7.2.13, stable update
// kernels: 7.3
// tests: ring-ways.system-file.frozen-afterwards
@@
identifier f = {io_complete_rw};
identifier kiocb;
@@
 f(...)
 {
 <...
-if (kiocb->ki_flags & IOCB_WRITE)
-	io_req_end_write(req);
 ...>
 }

@@
identifier f = {io_req_rw_complete};
@@
 f(...)
 {
 <...
-io_req_io_notify(req);
+io_req_io_end(req);
 ...>
 }
