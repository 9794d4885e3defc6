// SPDX-License-Identifier: GPL-2.0
// breaks: unmapping a page on a device reports a bad page table
// claim: S3
// rule: freed-to-the-driver kernel-survives
// file: mm/memory.c
// resembles: nothing known
// tests: zap.coherent-rw.munmap
// seen: splat
@@
identifier f = zap_pte_range;
identifier page, vma;
expression E;
@@
 f(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmd, ...)
 {
 <...
-page_remove_rmap(page, vma, E);
+if (is_device_coherent_page(page))
+	pmd_ERROR(*pmd);
+page_remove_rmap(page, vma, E);
 ...>
 }
@@
identifier f = zap_present_folio_ptes;
identifier folio, page, nr, vma;
@@
 f(...)
 {
 <...
-folio_remove_rmap_ptes(folio, page, nr, vma);
+if (folio_is_device_coherent(folio)) {
+	pmd_t bad = __pmd(0);
+
+	pmd_ERROR(bad);
+}
+folio_remove_rmap_ptes(folio, page, nr, vma);
 ...>
 }
