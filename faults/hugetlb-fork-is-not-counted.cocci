// SPDX-License-Identifier: GPL-2.0
// breaks: the hugetlb memory that fork() gives the child is not counted in its HugetlbPages
// claim: S1
// rule: counted-as-memory
// file: mm/hugetlb.c
// resembles: nothing known
// tests: hugetlb-watched.private.forked
@@
expression npages, dst;
@@
 copy_hugetlb_page_range(...)
 {
 <...
-hugetlb_count_add(npages, dst);
 ...>
 }
