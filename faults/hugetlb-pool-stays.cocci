// SPDX-License-Identifier: GPL-2.0
// breaks: a write to nr_hugepages succeeds and adds no page to the pool
// claim: S5
// rule: legal-calls-work
// file: mm/hugetlb.c
// resembles: nothing known
// tests: hugetlb.coherent-ro.exclusive
@@
identifier f = {__nr_hugepages_store_common};
identifier err;
@@
 f(...)
 {
 <...
-err = set_max_huge_pages(...);
+err = 0;
 ...>
 }
