// SPDX-License-Identifier: GPL-2.0
// breaks: swapoff() walks private hugetlb memory as if it had small pages
// claim: S3
// rule: swap-keeps
// file: mm/swapfile.c
// history: 7528c4fb1237 (mm/swapfile: skip HugeTLB pages for unuse_vma)
// source: Debian changelog of 6.1
// kernels: 6.1 7.3
// tests: hugetlb-watched.private.left-by-swapoff

@@
@@
 unuse_mm(...)
 {
 <...
- vma->anon_vma && !is_vm_hugetlb_page(vma)
+ vma->anon_vma
 ...>
 }
