// SPDX-License-Identifier: GPL-2.0
// breaks: mbind() does not check for shared page tables
// claim: S2
// rule: shared-table
// file: mm/mempolicy.c
// history: migrate: hugetlb: check for hugetlb shared PMD in node migration (73bdf65ea748)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: hugetlb.*.shared-table-bound
@@
identifier f = {queue_pages_hugetlb, queue_folios_hugetlb};
expression E, pte;
@@
 f(...)
 {
 <...
-E && !hugetlb_pmd_shared(pte)
+E
 ...>
 }
