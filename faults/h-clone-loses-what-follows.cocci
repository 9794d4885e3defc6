// SPDX-License-Identifier: GPL-2.0
// breaks: cloning buffers into a ring with IORING_REGISTER_DST_REPLACE drops the buffers behind
// breaks: those that are replaced
// claim: S7
// rule: clone-within
// file: io_uring/rsrc.c
// history: io_uring/rsrc: fix lost entries after cloned range (525916ce4966)
// source: upstream history; the loop is in the named kernel
// kernels: 7.3
// tests: cloned.*.replaced-in-the-middle

@@
expression E1, E2;
statement S;
@@
 io_clone_buffers(...)
 {
 <...
- for (i = E1; i < ctx->buf_table.nr; i++)
+ for (i = E1; i < 0; i++)
	S
 ...>
 }
