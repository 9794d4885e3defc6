// SPDX-License-Identifier: GPL-2.0
// breaks: userfaultfd does not protect a hole in hugetlb memory that has no page table
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/hugetlb.c
// history: mm/hugetlb: pre-allocate pgtable pages for uffd wr-protects (fed15f1345dc)
// source: Debian changelog of 6.1
// kernels: 6.1 7.3
// tests: hugetlb-watched.*.hole

@@
statement S;
@@
 hugetlb_change_protection(...)
 {
 <...
- if (!uffd_wp)
+ if (true)
	S
 ...>
 }
