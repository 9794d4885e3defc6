// SPDX-License-Identifier: GPL-2.0
// breaks: the copy that a pin for reading makes of a shared hugetlb page is not protected by userfaultfd any more
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/hugetlb.c
// history: mm/hugetlb: fix uffd-wp bit lost when unsharing happens (commit not seen)
// source: the upstream history from memory; the fixed code is in the named kernels
// kernels: 6.1 7.3
// tests: hugetlb-watched.private.unshared
@@
@@
 hugetlb_wp(...)
 {
 <...
-if (huge_pte_uffd(pte))
-	newpte = huge_pte_mkuffd(newpte);
 ...>
 }
