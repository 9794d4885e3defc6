// SPDX-License-Identifier: GPL-2.0
// breaks: a multishot read takes no more for its next buffers than its last one had room for
// claim: S7
// rule: provided-are-counted
// file: io_uring/rw.c
// resembles: nothing known
// tests: provided.*.read-repeatedly
@@
expression E;
@@
 io_read_mshot(...)
 {
 <...
-E->len = 0;
 ...>
 }
