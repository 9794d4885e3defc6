// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() leaves guard regions and poison at the old address
// claim: S5
// rule: mark-is-kept
// file: mm/mremap.c
// resembles: nothing known
// tests: marks.coherent-*.moved
@@
identifier f = {move_ptes};
symbol old_pte;
@@
 f(...)
 {
 <...
(
-pte_none(ptep_get(old_pte))
+(pte_none(ptep_get(old_pte)) || pte_none_mostly(ptep_get(old_pte)))
|
-pte_none(old_pte)
+(pte_none(old_pte) || pte_is_marker(old_pte))
)
 ...>
 }
