// SPDX-License-Identifier: GPL-2.0
// breaks: mprotect() gives all pages of a large page the soft-dirty bit of the first
// claim: S5
// rule: writes-are-tracked
// file: mm/mprotect.c
// resembles: nothing known
// tests: *
@@
identifier f = {change_pte_range};
@@
 f(...)
 {
 <...
-FPB_RESPECT_SOFT_DIRTY | FPB_RESPECT_WRITE
+FPB_RESPECT_WRITE
 ...>
 }
