// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_UNMERGEABLE leaves the last page of its range merged
// claim: S7
// rule: not-merged
// file: mm/ksm.c
// resembles: nothing known
// tests: ksm-meets.*
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
