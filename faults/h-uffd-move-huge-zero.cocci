// SPDX-License-Identifier: GPL-2.0
// breaks: the entry of a moved huge zero page is made from a NULL folio
// claim: S2
// rule: moved-by-mapping
// file: mm/huge_memory.c
// history: mm/huge_memory: fix move_pages_huge_pmd() for the huge zero page (CVE-2026-31397)
// source: the CVE record
// kernels: 7.3
// tests: uffd-move-huge.zero-page
@@
identifier f = {move_pages_huge_pmd};
expression E;
symbol src_folio, dst_vma;
@@
 f(...)
 {
 <...
-E = move_soft_dirty_pmd(...);
-E = clear_uffd_wp_pmd(E);
+E = folio_mk_pmd(src_folio, dst_vma->vm_page_prot);
 ...>
 }
