// SPDX-License-Identifier: GPL-2.0
// breaks: a write by /proc/PID/mem to a read-only huge page that userfaultfd protects is done
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/gup.c
// resembles: nothing known
// tests: huge-held.huge.forced
@@
identifier f = {can_follow_write_pmd};
symbol vma, pmd;
@@
 f(...)
 {
 <...
-return !userfaultfd_huge_pmd_wp(vma, pmd);
+return true;
 ...>
 }
