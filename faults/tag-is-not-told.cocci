// SPDX-License-Identifier: GPL-2.0
// breaks: a registered buffer that is replaced or unregistered posts no completion with its tag
// claim: S7
// rule: legal-calls-work
// file: io_uring/rsrc.c
// resembles: nothing known
// tests: registered.*.updated
@@
identifier f = {io_free_rsrc_node};
symbol node, ctx;
@@
 f(...)
 {
 <...
-if (node->tag)
+if (node->tag && node->type == IORING_RSRC_FILE)
 	io_post_aux_cqe(ctx, node->tag, 0, 0);
 ...>
 }
