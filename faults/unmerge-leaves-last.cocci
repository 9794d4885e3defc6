// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_UNMERGEABLE leaves the last page of its range merged
// claim: S3
// rule: zero-pages-counted
// file: mm/ksm.c
// resembles: nothing known
// tests: ksm-zero.unmerged
@@
expression a, b, c, d;
@@
 ksm_madvise(...)
 {
 <...
-break_ksm(a, b, c, d)
+break_ksm(a, b, b + PAGE_SIZE < c ? c - PAGE_SIZE : c, d)
 ...>
 }
