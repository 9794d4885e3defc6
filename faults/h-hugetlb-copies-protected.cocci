// SPDX-License-Identifier: GPL-2.0
// breaks: a write to a private hugetlb mapping that userfaultfd protects copies the page of the
// breaks: file and passes the protection
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/hugetlb.c
// history: mm/hugetlb: fix uffd wr-protection for CoW optimization path (60d5b473d61b)
// source: Debian changelog of 6.1
// kernels: 6.1 7.3
// tests: hugetlb-watched.private.hole hugetlb-watched.private.over-a-page-of-the-file

@@
@@
 hugetlb_wp(...)
 {
 <...
(
- if (!unshare && huge_pte_uffd(...))
-	return 0;
|
- if (!unshare && huge_pte_uffd_wp(...))
-	return 0;
)
 ...>
 }
