// SPDX-License-Identifier: GPL-2.0
// breaks: a moved folio in the swap cache keeps its old address
// claim: S2
// rule: moved-by-mapping
// file: mm/userfaultfd.c
// history: mm: fix kernel BUG when userfaultfd_move encounters swapcache (c50f8e6053b0, CVE-2025-21984)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: uffd-move.system.swapped-and-cached
@@
identifier f = {move_swap_pte};
identifier src_folio;
expression E;
@@
 f(...)
 {
 <...
-if (src_folio) {
-	folio_move_anon_rmap(...);
-	src_folio->index = E;
-} else {
+if (!src_folio) {
 	...
 }
 ...>
 }
