// SPDX-License-Identifier: GPL-2.0
// breaks: an empty list counts as a removed buffer
// claim: S7
// rule: legal-calls-work
// file: io_uring/kbuf.c
// history: io_uring: fix return value when removing provided buffers (c0921e51dab7)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: provided.*.removed
@@
identifier f = {__io_remove_buffers};
identifier i;
expression L;
@@
 f(...)
 {
 ... when any
 while (!list_empty(L)) {
 	...
 }
+i++;
 return i;
 }

@@
identifier f = {io_remove_buffers_legacy};
identifier i;
@@
 f(...)
 {
 ... when any
+if (i < nbufs)
+	i++;
 return i;
 }
