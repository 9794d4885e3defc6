// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_UNMERGEABLE leaves pages of a mapping without access merged
// claim: S5
// rule: merged-is-shared
// file: mm/ksm.c
// resembles: 474098edac26 (mm/gup: replace FOLL_NUMA by gup_can_follow_protnone()), in 6.1
// tests: ksm-meets.unmerged-without-access
@@
identifier f = {break_ksm_pmd_entry};
identifier folio;
expression vma, addr, pte;
@@
 f(...)
 {
 <...
 folio = vm_normal_folio(vma, addr, pte);
+if (pte_protnone(pte))
+	folio = NULL;
 ...>
 }
