// SPDX-License-Identifier: GPL-2.0
// breaks: IORING_REGISTER_PBUF_STATUS reports the head of a ring of buffers as 0
// claim: S7
// rule: ring-of-buffers
// file: io_uring/kbuf.c
// resembles: nothing known
// tests: buffer-ring.*.consumed-in-parts
@@
identifier f = {io_register_pbuf_status};
identifier bl;
@@
 f(...)
 {
 <...
-bl->head
+0
 ...>
 }
