// SPDX-License-Identifier: GPL-2.0
// breaks: a read or write by io_uring at the file's position does not advance it
// claim: S7
// rule: position-follows
// file: io_uring/rw.c
// resembles: nothing known
// tests: ring-ways.*-through-cache
@@
@@
 kiocb_done(...)
 {
 <...
-if (ret >= 0 && req->flags & REQ_F_CUR_POS)
-	req->file->f_pos = rw->kiocb.ki_pos;
 ...>
 }
