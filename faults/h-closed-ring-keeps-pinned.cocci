// SPDX-License-Identifier: GPL-2.0
// breaks: VmPin stays too high when a ring is closed that has registered buffers
// claim: S7
// rule: pins-are-accounted
// file: io_uring/io_uring.c
// history: io_uring: correct pinned_vm accounting (42b6419d0aba)
// source: Debian's changelog of linux 6.1.187, stable update
// kernels: 6.1 7.3
// tests: registered.*.closed-and-accounted
@@
identifier f = {io_ring_ctx_free};
identifier ctx;
@@
 f(struct io_ring_ctx *ctx)
 {
+if (ctx->mm_account) {
+	mmdrop(ctx->mm_account);
+	ctx->mm_account = NULL;
+}
 ...
 }
