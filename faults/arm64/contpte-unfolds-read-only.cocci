// SPDX-License-Identifier: GPL-2.0
// breaks: a range of PTEs that is unfolded for a change of one page becomes read-only as a whole
// claim: S2
// rule: nothing-else-changes
// file: arch/arm64/mm/contpte.c
// resembles: nothing known
// tests: large-folios.system.protected-in-part
@@
expression pte;
@@
 __contpte_try_unfold(...)
 {
 <...
-pte = pte_mknoncont(pte);
+pte = pte_wrprotect(pte_mknoncont(pte));
 ...>
 }
