// SPDX-License-Identifier: GPL-2.0
// breaks: a page that comes back from the private device is not protected by userfaultfd any more
// claim: S2
// rule: marks-travel
// file: mm/migrate_device.c
// resembles: nothing known
// tests: private-marks.*.mprotected
@@
identifier f = {migrate_vma_collect_pmd};
identifier pte;
statement S;
@@
 f(...)
 {
 <...
-if (pte_swp_uffd(pte)) S
 ...>
 }
@@
identifier f = {migrate_vma_collect_pmd};
identifier pte;
statement S;
@@
 f(...)
 {
 <...
-if (pte_swp_uffd_wp(pte)) S
 ...>
 }
