// SPDX-License-Identifier: GPL-2.0
// fixes: mprotect() of small entries of a large folio leaves their soft-dirty bits as they are
// finding: mprotect-makes-soft-dirty
// kernels: 7.3
// file: mm/mprotect.c
// tests: huge-held.split.tracked
@@
identifier f = change_present_ptes;
identifier oldpte, ptent;
expression vma, addr, ptep, nr, newprot;
@@
 f(...)
 {
 <...
+ptent = ptep_get(ptep);
 oldpte = modify_prot_start_ptes(vma, addr, ptep, nr);
+if (!pte_soft_dirty(ptent))
+	oldpte = pte_clear_soft_dirty(oldpte);
 ptent = pte_modify(oldpte, newprot);
 ...>
 }
