// SPDX-License-Identifier: GPL-2.0
// fixes: a huge page that is moved is soft-dirty only if it was before
// finding: huge-soft-dirty
// kernels: 6.1 6.12 7.3
// file: mm/huge_memory.c
// tests: numa.*.huge-clean
@@
identifier f = remove_migration_pmd;
identifier pvmw;
expression pmde;
@@
 f(struct page_vma_mapped_walk *pvmw, ...)
 {
 <...
 pmde = pmd_mkdirty(pmde);
+if (!pmd_swp_soft_dirty(*pvmw->pmd))
+	pmde = pmd_clear_soft_dirty(pmde);
 ...>
 }
