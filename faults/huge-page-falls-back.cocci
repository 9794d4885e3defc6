// SPDX-License-Identifier: GPL-2.0
// breaks: a fault never allocates a huge page, as if there was no memory for one
// claim: S2
// rule: legal-calls-work
// file: mm/huge_memory.c
// resembles: nothing known
// tests: huge.coherent-rw.part joined-buffers.huge.odd-address
@@
identifier f = {do_huge_pmd_anonymous_page, vma_alloc_anon_folio_pmd};
identifier folio;
@@
 f(...)
 {
 <...
-folio = vma_alloc_folio(...);
+folio = NULL;
 ...>
 }
