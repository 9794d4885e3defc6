// SPDX-License-Identifier: GPL-2.0
// breaks: smaps does not check for shared page tables
// claim: S1
// rule: shared-table
// file: fs/proc/task_mmu.c
// history: mm: hugetlb: proc: check for hugetlb shared PMD in /proc/PID/smaps (3489dbb696d2)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: hugetlb.*.shared-table-counted
@@
identifier f = {smaps_hugetlb_range};
expression E, pte;
@@
 f(...)
 {
 <...
-E || hugetlb_pmd_shared(pte)
+E
 ...>
 }
