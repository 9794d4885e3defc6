// SPDX-License-Identifier: GPL-2.0
// breaks: a ring with IOU_PBUF_RING_INC gives up the rest of a buffer that was used in part
// claim: S7
// rule: ring-of-buffers
// file: io_uring/kbuf.c
// resembles: nothing known
// tests: buffer-ring.*.consumed-in-parts
@@
identifier f = {io_kbuf_inc_commit};
symbol buf_len, this_len;
@@
 f(...)
 {
 <...
-buf_len -= this_len;
+buf_len = 0;
 ...>
 }
