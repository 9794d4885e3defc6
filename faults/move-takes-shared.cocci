// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_MOVE moves a page that other processes map
// claim: S2
// rule: moved-by-mapping
// file: mm/userfaultfd.c
// resembles: nothing known
// tests: tracking.coherent-rw.uffd-move*
@@
identifier f = {move_present_pte, move_present_ptes, move_pages_pte, move_pages_ptes};
expression page;
@@
 f(...)
 {
 <...
-!PageAnonExclusive(page)
+0
 ...>
 }
