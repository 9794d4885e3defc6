// SPDX-License-Identifier: GPL-2.0
// breaks: a registration that gets no memory does not unpin its buffer
// claim: S7
// rule: pin-ends-with-holder
// file: io_uring/rsrc.c
// resembles: 6.1 without the fix of docs/findings.md, register-leaks-pins
// tests: failures.coherent-rw.registration
@@
identifier f = io_sqe_buffer_register;
@@
 f(...)
 {
 <...
-unpin_user_folio(...);
+;
 ...>
 }
