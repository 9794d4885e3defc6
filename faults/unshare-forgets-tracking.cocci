// SPDX-License-Identifier: GPL-2.0
// breaks: the copy that a pin for reading makes of a shared page is not soft-dirty any more
// claim: S5
// rule: writes-are-tracked
// file: mm/memory.c
// resembles: nothing known
// tests: kept-marks.*.unshared-tracked

@@
expression E;
@@
 wp_page_copy(...)
 {
 <...
- if (pte_soft_dirty(E))
-	entry = pte_mksoft_dirty(entry);
 ...>
 }
