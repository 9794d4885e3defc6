// SPDX-License-Identifier: GPL-2.0
// breaks: pagemap does not report a huge page of a file as one
// claim: S1
// rule: pagemap-by-page
// file: fs/proc/task_mmu.c
// history: fs/proc/task_mmu: indicate PM_FILE for PMD-mapped file THP (3f9f022e975d)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: pagemap.*.of-a-file
@@
identifier f = {pagemap_pmd_range, pagemap_pmd_range_thp};
expression page, folio, flags;
@@
 f(...)
 {
 <...
(
-if (page && !PageAnon(page))
-	flags |= PM_FILE;
|
-if (!folio_test_anon(folio))
-	flags |= PM_FILE;
)
 ...>
 }
