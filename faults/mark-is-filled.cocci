// SPDX-License-Identifier: GPL-2.0
// breaks: migration to a device fills guard regions, poison and protected holes with empty pages
// claim: S2
// rule: mark-stays
// file: mm/migrate_device.c
// resembles: nothing known
// tests: marks.coherent-*.migrated-around
@new@
identifier f = {migrate_vma_collect_pmd};
@@
 f(...)
 {
 <+...
 softleaf_from_pte(...)
 ...+>
 }

@depends on new@
identifier f = {migrate_vma_collect_pmd};
symbol pte, ptep;
@@
 f(...)
 {
 <...
 pte = ptep_get(ptep);
-if (pte_none(pte))
+if (pte_none(pte) || pte_is_marker(pte))
 {
 ...
 }
 ...>
 }

@depends on !new@
identifier f = {migrate_vma_collect_pmd};
symbol pte, ptep;
@@
 f(...)
 {
 <...
 pte = ptep_get(ptep);
-if (pte_none(pte))
+if (pte_none_mostly(pte))
 {
 ...
 }
 ...>
 }

@@
identifier f = {migrate_vma_insert_page};
symbol orig_pte;
@@
 f(...)
 {
 <...
-!pte_none(orig_pte)
+pte_present(orig_pte)
 ...>
 }
