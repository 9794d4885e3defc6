// SPDX-License-Identifier: GPL-2.0
// breaks: the size of provided buffers is not checked
// claim: S7
// rule: legal-calls-work
// file: io_uring/kbuf.c
// history: io_uring/kbuf: reject zero sized provided buffers (cf960726eb65)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: provided.*.full-group
@@
identifier f = {io_provide_buffers_prep};
expression p;
@@
 f(...)
 {
 <...
-if (!p->len)
-	return -EINVAL;
 ...>
 }
