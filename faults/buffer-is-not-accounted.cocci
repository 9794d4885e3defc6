// SPDX-License-Identifier: GPL-2.0
// breaks: the pages of registered buffers are not accounted
// claim: S7
// rule: pins-are-accounted
// file: io_uring/rsrc.c
// resembles: nothing known
// tests: registered.coherent-rw.accounted registered.coherent-rw.limited
@@
identifier f = {io_buffer_account_pin};
expression E;
@@
 f(...)
 {
 <...
-E = io_account_mem(...);
+E = 0;
 ...>
 }
