// SPDX-License-Identifier: GPL-2.0
// breaks: the walk of a large page's mappings ends at the end of a page table
// claim: S2
// rule: large-is-split
// file: mm/page_vma_mapped.c
// resembles: a9a7504d9bea (mm/thp: fix page_vma_mapped_walk() if THP mapped by ptes), similar
// tests: large.*.over-two-tables
@@
identifier f = {page_vma_mapped_walk};
identifier pvmw;
@@
 f(...)
 {
 <...
-pvmw->flags |= PVMW_PGTABLE_CROSSED;
-goto restart;
+return not_found(pvmw);
 ...>
 }
