// SPDX-License-Identifier: GPL-2.0
// breaks: a FOLL_FORCE write to a read-only page does not set the soft-dirty bit
// claim: S5
// rule: writes-are-tracked
// file: mm/gup.c
// history: mm/gup: fix FOLL_FORCE COW security issue and remove FOLL_COW (5535be309971 in part,
// history: CVE-2022-2590)
// source: upstream history; the check is in the named kernels
// kernels: 6.1 7.3
// tests: kept-marks.*.forced-tracked

@@
identifier f = {can_follow_write_pte, can_follow_write_pmd};
@@
 f(...)
 {
 <...
(
- if (pte_needs_soft_dirty_wp(...))
-	return false;
|
- if (pmd_needs_soft_dirty_wp(...))
-	return false;
|
- if (vma_soft_dirty_enabled(...) && !pte_soft_dirty(...))
-	return false;
)
 ...>
 }
