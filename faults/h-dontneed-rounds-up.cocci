// SPDX-License-Identifier: GPL-2.0
// breaks: the end of the range is rounded up to huge pages
// claim: S3
// rule: hugetlb-whole-pages
// file: mm/madvise.c
// history: mm,madvise,hugetlb: fix unexpected data loss with MADV_DONTNEED on hugetlbfs (8ebe0a5eaaeb)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 6.1 7.3
// tests: hugetlb.*.dontneed-part
@@
identifier f = {madvise_dontneed_free_valid_vma};
@@
 f(...)
 {
 <...
-ALIGN_DOWN
+ALIGN
 (...)
 ...>
 }
