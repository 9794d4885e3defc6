// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() does not make a page on a device soft-dirty
// claim: S5
// rule: moves-with-address
// file: mm/mremap.c
// resembles: nothing known
// tests: inherited.coherent-*.tracked-after-move
@@
identifier f = {move_ptes};
symbol pte;
@@
 f(...)
 {
 <...
-pte = move_soft_dirty_pte(pte);
+if (!pte_present(pte) || !is_device_coherent_page(pte_page(pte)))
+	pte = move_soft_dirty_pte(pte);
 ...>
 }
