// SPDX-License-Identifier: GPL-2.0
// breaks: the rings of io_uring count against RLIMIT_MEMLOCK
// claim: S7
// rule: pins-are-accounted
// file: io_uring/io_uring.c
// history: io_uring: do not charge the SQ/CQ rings to RLIMIT_MEMLOCK (b59cabf9b4ac)
// source: Debian's changelog of linux 7.2.13, stable update
// kernels: 7.3
// tests: registered.*.limited registered.*.rings-are-free
@@
identifier f = {io_allocate_scq_urings};
@@
 f(...)
 {
 <...
 io_create_region(
-NULL
+ctx->user
 , ...)
 ...>
 }

@@
identifier f = {io_rings_free};
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
