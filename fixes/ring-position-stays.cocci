// SPDX-License-Identifier: GPL-2.0
// fixes: a transfer of io_uring at the position of a file moves it also if it completes later
// finding: ring-position-stays
// kernels: 6.1 6.12 7.3
// file: io_uring/rw.c
// tests: ring-ways.*.moves-directly
@@
identifier f = io_req_rw_complete;
@@
 f(...)
 {
 <...
+if (req->flags & REQ_F_CUR_POS && req->cqe.res >= 0)
+	req->file->f_pos = io_kiocb_to_cmd(req, struct io_rw)->kiocb.ki_pos;
 io_req_task_complete(...);
 ...>
 }
