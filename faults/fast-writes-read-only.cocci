// SPDX-License-Identifier: GPL-2.0
// breaks: GUP-fast allows references for writing to a read-only page
// claim: S6 S9
// rule: shared-is-copied write-needs-vm-write
// file: mm/gup.c
// resembles: nothing known
// tests: coherent.ro.pin-fast-write coherent.cow-shared.gup-fast-write
@@
identifier f = {gup_pte_range, gup_fast_pte_range};
expression pte, E;
@@
 f(...)
 {
 <...
-pte_access_permitted(pte, E)
+pte_access_permitted(pte, 0)
 ...>
 }
