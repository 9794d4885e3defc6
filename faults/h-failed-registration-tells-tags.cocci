// SPDX-License-Identifier: GPL-2.0
// breaks: a registration of buffers that fails completes the tags of the buffers that it had taken
// claim: S7
// rule: update-tells
// file: io_uring/rsrc.c
// history: io_uring: don't post tag CQEs on file/buffer registration failure (ab6005f3912f)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: registered.*.refused-in-part
@@
identifier f = {io_sqe_buffers_register};
expression E;
@@
 f(...)
 {
 <...
-io_clear_table_tags(E);
+;
 ...>
 }
