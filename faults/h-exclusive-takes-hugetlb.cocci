// SPDX-License-Identifier: GPL-2.0
// breaks: hugetlb folios are made device-exclusive
// claim: S1
// rule: legal-calls-work
// file: mm/rmap.c mm/gup.c
// history: mm/rmap: reject hugetlb folios in folio_make_device_exclusive() (bc3fe6805cf0)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: hugetlb.*.exclusive
@@
identifier f = {folio_make_device_exclusive, make_device_exclusive};
expression folio;
@@
 f(...)
 {
 <...
-!folio_test_anon(folio) || folio_test_hugetlb(folio)
+!folio_test_anon(folio)
 ...>
 }

@@
identifier f = {check_vma_flags};
expression flags, vma;
@@
 f(...)
 {
 <...
-if ((flags & FOLL_SPLIT_PMD) && is_vm_hugetlb_page(vma))
-	return -EOPNOTSUPP;
 ...>
 }
