// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() leaves the entries of private pages at the old address
// claim: S2
// rule: moves-with-address
// file: mm/mremap.c
// resembles: nothing known
// tests: inherited.private-*.left-empty inherited.private-*.between-others
@@
identifier f = {move_ptes};
symbol old_pte;
@@
 f(...)
 {
 <...
(
-pte_none(*old_pte)
+(!pte_present(*old_pte) && (pte_none(*old_pte) || is_device_private_entry(pte_to_swp_entry(*old_pte))))
|
-pte_none(ptep_get(old_pte))
+(!pte_present(ptep_get(old_pte)) && (pte_none(ptep_get(old_pte)) || is_device_private_entry(pte_to_swp_entry(ptep_get(old_pte)))))
|
-pte_none(old_pte)
+(!pte_present(old_pte) && (pte_none(old_pte) || softleaf_is_device_private(softleaf_from_pte(old_pte))))
)
 ...>
 }
