// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_MOVE moves a page that is pinned
// claim: S2
// rule: moved-by-mapping
// file: mm/userfaultfd.c
// resembles: nothing known
// tests: uffd-move.*.pinned
@@
identifier f = {move_present_ptes};
expression E;
@@
 f(...)
 {
 <...
-folio_maybe_dma_pinned(E)
+false
 ...>
 }
