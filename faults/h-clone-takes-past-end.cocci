// SPDX-License-Identifier: GPL-2.0
// breaks: the index of the first buffer to clone is not checked
// claim: S7
// rule: pins-are-accounted
// file: io_uring/rsrc.c
// history: io_uring/rsrc: validate buffer count with offset for cloning (1d27f11bf02b)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: cloned.*.past-the-end
@@
identifier f = {io_clone_buffers};
expression list A;
identifier off, nbufs;
@@
 f(...)
 {
 <...
-check_add_overflow(A) || off > nbufs
+check_add_overflow(A)
 ...>
 }
