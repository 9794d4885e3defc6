// SPDX-License-Identifier: GPL-2.0
// breaks: splitting the huge zero page loses userfaultfd write protection
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/huge_memory.c
// history: mm/userfaultfd: propagate uffd-wp bit when PTE-mapping the huge zeropage (42b2af2c9b7e)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: monitor.*.huge-zero-page
@@
identifier f = {__split_huge_zero_page_pmd};
expression E, entry;
@@
 f(...)
 {
 <...
(
-if (pmd_uffd_wp(E))
-	entry = pte_mkuffd_wp(entry);
|
-if (pmd_uffd(E))
-	entry = pte_mkuffd(entry);
)
 ...>
 }
