// SPDX-License-Identifier: GPL-2.0
// breaks: PAGEMAP_SCAN does not report the huge zero page as a page of zeros
// claim: S1
// rule: pagemap-by-page
// file: fs/proc/task_mmu.c
// history: fs/proc/task_mmu: fix PAGE_IS_PFNZERO detection for the huge zero folio (commit not seen)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: huge.*.zero-page
@@
identifier f = {pagemap_thp_category};
identifier pmd;
@@
 f(...)
 {
 <...
-is_huge_zero_pmd(pmd)
+is_zero_pfn(pmd_pfn(pmd))
 ...>
 }
