// SPDX-License-Identifier: GPL-2.0
// breaks: a completion does not say that the rest of an incrementally consumed buffer is still with the kernel
// claim: S7
// rule: ring-of-buffers
// file: io_uring/kbuf.c
// history: io_uring/kbuf: propagate BUF_MORE through early buffer commit path (commit not seen)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: buffer-ring.*.of-a-file
@@
identifier f = {io_ring_buffer_select};
symbol req;
@@
 f(...)
 {
 <...
-req->flags |= REQ_F_BUF_MORE;
+;
 ...>
 }
