// SPDX-License-Identifier: GPL-2.0
// breaks: a provided buffer that a read did not use becomes the last of its group and not the first
// claim: S7
// rule: provided-are-counted
// file: io_uring/kbuf.c
// resembles: nothing known
// tests: provided.*.read-repeatedly
@@
expression a, b;
@@
 io_kbuf_recycle_legacy(...)
 {
 <...
-list_add(a, b);
+list_add_tail(a, b);
 ...>
 }
