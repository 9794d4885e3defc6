// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() maps a page on a device read-only at its new address
// claim: S2
// rule: moves-with-address
// file: mm/mremap.c
// resembles: nothing known
// tests: inherited.coherent-rw.left-empty inherited.coherent-rw.between-others
@@
identifier f = {move_ptes};
symbol pte;
@@
 f(...)
 {
 <...
 pte = move_soft_dirty_pte(pte);
+if (pte_present(pte) && is_device_coherent_page(pte_page(pte)))
+	pte = pte_wrprotect(pte);
 ...>
 }
