// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_COLLAPSE returns 0 although only some of its huge pages could be made
// claim: S2
// rule: collapse-by-state
// file: mm/khugepaged.c
// resembles: nothing known
// tests: collapse.in-part
@@
expression E;
@@
 madvise_collapse(...)
 {
 <...
-thps == E
+thps
 ...>
 }
