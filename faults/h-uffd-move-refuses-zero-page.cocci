// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_MOVE of a page of zeros that was only read fails with EBUSY
// claim: S2
// rule: moved-by-mapping
// file: mm/userfaultfd.c
// history: userfaultfd: handle zeropage moves by UFFDIO_MOVE (eb1521dad8f3)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: uffd-move.*.zero-page
@@
identifier f = {move_pages_ptes};
symbol orig_src_pte;
@@
 f(...)
 {
 <...
-if (is_zero_pfn(pte_pfn(orig_src_pte)))
+if (false)
 {
 ...
 }
 ...>
 }
