// SPDX-License-Identifier: GPL-2.0
// breaks: munmap() and MADV_DONTNEED keep a reference to a coherent page; exit does not
// claim: S3 S4
// rule: freed-to-the-driver
// file: mm/memory.c
// resembles: the open question of the thread: what must zap_pte_range() do for present device pages?
// tests: zap.coherent-rw.munmap zap.coherent-rw.dontneed coherent.rw.cpu-read
@@
identifier f = zap_pte_range;
identifier page, vma, tlb;
expression E;
@@
 f(struct mmu_gather *tlb, ...)
 {
 <...
-page_remove_rmap(page, vma, E);
+if (is_device_coherent_page(page) && !tlb->fullmm)
+	get_page(page);
+page_remove_rmap(page, vma, E);
 ...>
 }
@@
identifier f = zap_present_folio_ptes;
identifier folio, page, nr, vma, tlb;
@@
 f(struct mmu_gather *tlb, ...)
 {
 <...
-folio_remove_rmap_ptes(folio, page, nr, vma);
+if (folio_is_device_coherent(folio) && !tlb->fullmm)
+	folio_get(folio);
+folio_remove_rmap_ptes(folio, page, nr, vma);
 ...>
 }
