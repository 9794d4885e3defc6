// SPDX-License-Identifier: GPL-2.0
// breaks: registered buffers can be cloned to a ring that accounts its pins to another process
// claim: S7
// rule: clone-within
// file: io_uring/rsrc.c
// history: io_uring/rsrc: require cloned buffers to share accounting contexts (19d340a2988d)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: ring-parts.*.cloned-by-another
@@
identifier f = {io_clone_buffers};
symbol ctx, src_ctx;
@@
 f(...)
 {
 <...
-if (ctx->user != src_ctx->user || ctx->mm_account != src_ctx->mm_account)
-	return -EINVAL;
 ...>
 }
