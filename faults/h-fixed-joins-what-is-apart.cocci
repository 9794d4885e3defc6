// SPDX-License-Identifier: GPL-2.0
// breaks: pages of one folio are treated as consecutive
// claim: S7
// rule: bytes-arrive
// file: io_uring/rsrc.c
// history: io_uring/rsrc: check for nonconsecutive pages (776617db78c6, CVE-2023-2598)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: joined-buffers.huge.other-order
@@
identifier f = {io_check_coalesce_buffer};
expression E, folio;
identifier page_array, i;
@@
 f(...)
 {
 <...
-page_folio(E) == folio && page_array[i] == page_array[i - 1] + 1
+page_folio(E) == folio
 ...>
 }
