// SPDX-License-Identifier: GPL-2.0
// fixes: a page that migration maps again is soft-dirty only if it was before
// finding: soft-dirty-by-migration
// kernels: 6.1
// file: mm/migrate.c
// tests: tracking.coherent-*.soft-dirty-clean coherent.soft-dirty.migrate-back
// tests: coherent.soft-dirty.longterm-*-read system.soft-dirty.migrate-away
@@
identifier f = remove_migration_pte;
@@
 f(...)
 {
 <...
 pte = pte_mkdirty(pte);
+if (!pte_swp_soft_dirty(*pvmw.pte))
+	pte = pte_clear_soft_dirty(pte);
 ...>
 }
