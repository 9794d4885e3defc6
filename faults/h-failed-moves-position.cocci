// SPDX-License-Identifier: GPL-2.0
// breaks: a request of io_uring that fails moves the position of its file
// claim: S7
// rule: position-follows
// file: io_uring/rw.c
// history: io_uring: kiocb_done() should *not* trust ->ki_pos if ->{read,write}_iter() failed (1939316bf988)
// source: Debian's changelog of linux 6.1.187, stable update
// kernels: 6.1 7.3
// tests: sequential.*-file.append-fails
@@
identifier f = {kiocb_done};
identifier ret, req;
@@
 f(...)
 {
 <...
-ret >= 0 && req->flags & REQ_F_CUR_POS
+req->flags & REQ_F_CUR_POS
 ...>
 }
