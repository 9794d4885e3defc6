// SPDX-License-Identifier: GPL-2.0
// breaks: pagemap reports an entry that is not present as exclusively mapped
// claim: S1
// rule: pagemap-by-page
// file: fs/proc/task_mmu.c
// history: fs/proc/task_mmu: don't indicate PM_MMAP_EXCLUSIVE without PM_PRESENT (da7f31ed0f4f)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: pagemap.private.mapped-once
@@
identifier f = {pte_to_pagemap_entry, pagemap_pmd_range_thp};
expression flags, folio, page;
@@
 f(...)
 {
 <...
-(flags & PM_PRESENT) && __folio_page_mapped_exclusively(folio, page)
+__folio_page_mapped_exclusively(folio, page)
 ...>
 }
