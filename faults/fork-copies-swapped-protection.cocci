// SPDX-License-Identifier: GPL-2.0
// breaks: the child's pages that are swapped out have the protection of the parent's userfaultfd
// claim: S5
// rule: monitor-lets-go
// file: mm/memory.c
// resembles: nothing known
// tests: private-marks.*.forked swapped.*.protected-and-forked
@@
identifier f = {copy_nonpresent_pte};
identifier pte;
@@
 f(...)
 {
 <...
-pte = pte_swp_clear_uffd(pte);
+;
 ...>
 }
@@
identifier f = {copy_nonpresent_pte};
identifier pte;
@@
 f(...)
 {
 <...
-pte = pte_swp_clear_uffd_wp(pte);
+;
 ...>
 }
