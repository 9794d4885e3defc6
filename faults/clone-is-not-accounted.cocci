// SPDX-License-Identifier: GPL-2.0
// breaks: a ring that clones a buffer does not count the huge page that it then shares
// claim: S7
// rule: pins-are-accounted
// file: io_uring/rsrc.c
// resembles: nothing known
// tests: cloned-huge.outlives-the-first
@@
identifier f = io_buffer_acct_cloned_hpages;
expression imu, ctx;
@@
 f(...)
 {
 <...
-if (imu->flags & IO_REGBUF_F_KBUF || !ctx->user)
 	return 0;
 ...>
 }
