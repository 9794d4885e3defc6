// SPDX-License-Identifier: GPL-2.0
// breaks: a FOLL_FORCE write to a read-only page passes userfaultfd's write protection
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/gup.c
// history: mm/gup: fix FOLL_FORCE COW security issue and remove FOLL_COW (5535be309971 in part,
// history: CVE-2022-2590)
// source: upstream history; the check is in the named kernels
// kernels: 6.1 7.3
// tests: kept-marks.*.forced-protected

@@
identifier f = {can_follow_write_pte, can_follow_write_pmd};
@@
 f(...)
 {
 <...
(
- return !userfaultfd_pte_wp(...);
+ return true;
|
- return !userfaultfd_huge_pmd_wp(...);
+ return true;
)
 ...>
 }
