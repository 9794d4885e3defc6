// SPDX-License-Identifier: GPL-2.0
// breaks: the child's hugetlb pages have the write protection of the parent's userfaultfd
// claim: S5
// rule: monitor-lets-go
// file: mm/hugetlb.c
// history: mm/hugetlb: handle uffd-wp during fork() (bc70fbf269fd)
// source: the upstream history from memory; the fixed code is in the named kernels
// kernels: 6.1 7.3
// tests: hugetlb-watched.private.forked
@@
@@
 copy_hugetlb_page_range(...)
 {
 <...
-entry = huge_pte_clear_uffd(entry);
 ...>
 }
