// SPDX-License-Identifier: GPL-2.0
// breaks: FOLL_FORCE writes to hugetlb memory are allowed
// claim: S5
// rule: hugetlb-forced
// file: mm/gup.c
// history: mm/gup: disallow FOLL_FORCE FOLL_WRITE on hugetlb mappings (f347454d0341)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 6.1
// tests: hugetlb.*.written-by-force
@@
identifier f = {check_vma_flags};
expression vma;
@@
 f(...)
 {
 <...
-if (is_vm_hugetlb_page(vma))
-	return -EFAULT;
 ...>
 }
