// SPDX-License-Identifier: GPL-2.0
// breaks: the event of a hugetlb fault has an address that is not that of a huge page, although UFFD_FEATURE_EXACT_ADDRESS was not asked for
// claim: S2
// rule: events-are-told
// file: mm/hugetlb.c
// history: userfaultfd: provide properly masked address for huge-pages (d172b1a3bd06)
// source: Debian's changelog of linux 6.1.187, stable update
// kernels: 6.1 7.3
// tests: uffd-ranges.anonymous.hugetlb-told
@@
identifier f = {hugetlb_handle_userfault};
identifier vmf, reason;
@@
 f(struct vm_fault *vmf, ..., unsigned long reason)
 {
 ...
+((unsigned long *)&vmf->address)[0] = vmf->real_address;
 return handle_userfault(vmf, reason);
 }

@@
identifier f = {hugetlb_handle_userfault};
identifier addr, reason;
@@
 f(..., unsigned long addr, unsigned long reason)
 {
 ...
+((unsigned long *)&vmf.address)[0] = addr;
 return handle_userfault(&vmf, reason);
 }
