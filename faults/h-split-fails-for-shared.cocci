// SPDX-License-Identifier: GPL-2.0
// breaks: a huge page that two processes map as a whole cannot be split at the first attempt
// claim: S2
// rule: migration-is-the-way-in
// file: mm/rmap.c
// history: mm: huge_memory: fix early failure try_to_migrate() when split huge pmd for shared THP (commit not seen)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: huge-held.huge.migrated-while-shared
@@
identifier f = {try_to_migrate_one};
symbol ret, pvmw, flags;
@@
 f(...)
 {
 <...
 split_huge_pmd_locked(...);
-flags &= ~TTU_SPLIT_HUGE_PMD;
-page_vma_mapped_walk_restart(&pvmw);
-continue;
+ret = false;
+page_vma_mapped_walk_done(&pvmw);
+break;
 ...>
 }
