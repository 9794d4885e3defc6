// SPDX-License-Identifier: GPL-2.0
// breaks: fork() takes write permission only from the first page of a folded range of PTEs
// claim: S5
// rule: shared-is-copied
// file: arch/arm64/mm/contpte.c
// resembles: nothing known
// tests: large-folios.system.forked
@@
expression mm, addr, ptep, nr;
@@
 contpte_wrprotect_ptes(...)
 {
 <...
-__wrprotect_ptes(mm, addr, ptep, nr);
+__wrprotect_ptes(mm, addr, ptep, 1);
 ...>
 }
