// SPDX-License-Identifier: GPL-2.0
// breaks: MMU notifiers are not called when the page table of a file mapping is freed
// claim: S1
// rule: mirror-is-told
// file: mm/khugepaged.c
// history: mm/khugepaged: invoke MMU notifiers in shmem/file collapse paths (f268f6cf875f)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 6.1 7.3
// tests: collapse-shared.of-huge-page
@@
identifier f = {collapse_and_free_pmd, retract_page_tables, try_collapse_pte_mapped_thp};
@@
 f(...)
 {
 <...
(
-mmu_notifier_invalidate_range_start(...);
|
-mmu_notifier_invalidate_range_end(...);
)
 ...>
 }
