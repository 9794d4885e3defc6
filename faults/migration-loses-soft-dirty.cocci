// SPDX-License-Identifier: GPL-2.0
// breaks: migration loses the soft-dirty bit
// claim: S2
// rule: migration-is-the-way-in migration-back marks-travel
// file: mm/migrate_device.c mm/migrate.c
// resembles: nothing known
// tests: tracking.coherent-rw.soft-dirty-written
@@
identifier f = {migrate_vma_collect_pmd};
expression E;
@@
 f(...)
 {
 <...
-pte_swp_mksoft_dirty(E)
+E
 ...>
 }
@@
identifier f = {remove_migration_pte};
expression E;
@@
 f(...)
 {
 <...
(
-pte_mksoft_dirty(E)
+pte_clear_soft_dirty(E)
|
-pte_mkdirty(E)
+pte_clear_soft_dirty(pte_mkdirty(E))
)
 ...>
 }
