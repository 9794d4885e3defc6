// SPDX-License-Identifier: GPL-2.0
// breaks: a page that returns from the private device loses soft-dirty and userfaultfd's protection in each process that did not cause it
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/rmap.c
// history: mm/rmap: fixup copying of soft dirty and uffd ptes (ad7df764b7e1)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 6.1 7.3
// tests: private-marks.*.returned-by-child
@@
identifier f = {try_to_migrate_one};
statement S;
@@
 f(...)
 {
 <...
-if (pte_swp_soft_dirty(...)) S
 ...>
 }
@@
identifier f = {try_to_migrate_one};
statement S;
@@
 f(...)
 {
 <...
-if (pte_swp_uffd(...)) S
 ...>
 }
@@
identifier f = {try_to_migrate_one};
statement S;
@@
 f(...)
 {
 <...
-if (pte_swp_uffd_wp(...)) S
 ...>
 }
