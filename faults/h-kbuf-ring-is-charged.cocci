// SPDX-License-Identifier: GPL-2.0
// breaks: a ring of provided buffers counts against RLIMIT_MEMLOCK
// claim: S7
// rule: pins-are-accounted
// file: io_uring/kbuf.c
// history: io_uring/kbuf: don't charge provided buffer rings to RLIMIT_MEMLOCK (9f0c88b7f884)
// source: Debian's changelog of linux 7.2.13, stable update
// kernels: 7.3
// tests: registered.*.rings-are-free
@@
identifier f = {io_register_pbuf_ring};
@@
 f(...)
 {
 <...
io_create_region(
-NULL
+ctx->user
 , &bl->region, ...)
 ...>
 }

@@
identifier f = {io_put_bl, io_register_pbuf_ring};
@@
 f(...)
 {
 <...
 io_free_region(
-NULL
+ctx->user
 , ...)
 ...>
 }
