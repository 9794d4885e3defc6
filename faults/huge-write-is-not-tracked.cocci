// SPDX-License-Identifier: GPL-2.0
// breaks: mprotect() to R/O and back makes a huge page writable without being soft-dirty
// claim: S5
// rule: writes-are-tracked
// file: mm/huge_memory.c
// resembles: nothing known
// tests: huge-held.huge.tracked
@@
identifier f = {can_change_pmd_writable};
symbol vma, pmd;
@@
 f(...)
 {
 <...
-if (pmd_needs_soft_dirty_wp(vma, pmd))
-	return false;
 ...>
 }
