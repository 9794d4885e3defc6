// SPDX-License-Identifier: GPL-2.0
// breaks: a task that is not the single issuer of a ring registers buffers with it
// claim: S7
// rule: rights
// file: io_uring/register.c io_uring/io_uring.c
// history: io_uring: limit registration w/ SINGLE_ISSUER (d7cce96c449e)
// source: Debian's changelog of linux 6.1.187, stable update
// kernels: 6.1 7.3
// tests: ring-parts.system.of-one-issuer
@@
identifier f = {__io_uring_register};
identifier ctx;
@@
 f(...)
 {
 <...
-if (ctx->submitter_task && ctx->submitter_task != current)
-	return -EEXIST;
 ...>
 }
