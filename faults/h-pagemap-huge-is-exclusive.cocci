// SPDX-License-Identifier: GPL-2.0
// breaks: pagemap checks only the first page of a huge page
// claim: S1
// rule: pagemap-by-page
// file: fs/proc/task_mmu.c
// history: fs/proc/task_mmu: properly detect PM_MMAP_EXCLUSIVE per page of PMD-mapped THPs (2c7ad9a590d7)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 6.12
// tests: pagemap.*.huge-shared-in-part*
@@
identifier f = {pagemap_pmd_range, pagemap_pmd_range_thp};
expression folio, page, idx;
@@
 f(...)
 {
 <...
 folio_precise_page_mapcount(folio,
-	page + idx
+	page
 )
 ...>
 }
