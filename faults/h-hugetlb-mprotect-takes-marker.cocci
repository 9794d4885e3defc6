// SPDX-License-Identifier: GPL-2.0
// breaks: mprotect() of a hugetlb hole that userfaultfd protects changes its marker as if it were a page
// claim: S5
// rule: reported-by-state
// file: mm/hugetlb.c
// history: mm/hugetlb: fix PTE marker handling in hugetlb_change_protection() (0e678153f5be)
// source: Debian's changelog of linux 6.1.187, stable update
// kernels: 7.3
// tests: hugetlb-watched.*.hole-changed
// seen: check splat crash hang
@@
identifier f = {hugetlb_change_protection};
identifier pte;
@@
 f(...)
 {
 <...
-pte_is_marker(pte)
+false
 ...>
 }
