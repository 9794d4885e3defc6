// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_WRITEPROTECT does not remove the protection of a page that is swapped out
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/mprotect.c
// resembles: nothing known
// tests: private-marks.*.released swapped.*.released-while-away
@@
identifier f = {change_softleaf_pte,change_pte_range};
identifier newpte;
@@
 f(...)
 {
 <...
-newpte = pte_swp_clear_uffd(newpte);
+;
 ...>
 }
@@
identifier f = {change_pte_range};
identifier newpte;
@@
 f(...)
 {
 <...
-newpte = pte_swp_clear_uffd_wp(newpte);
+;
 ...>
 }
