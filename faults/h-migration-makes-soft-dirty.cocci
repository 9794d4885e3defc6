// SPDX-License-Identifier: GPL-2.0
// breaks: a page that was not written is soft-dirty after a migration
// claim: S2
// rule: marks-travel
// file: mm/migrate.c
// history: mm/migrate: preserve exact soft-dirty state (commit not seen)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: coherent.soft-dirty.migrate-back
@@
identifier f = {remove_migration_pte};
identifier pte;
@@
 f(...)
 {
 <...
-pte = pte_clear_soft_dirty(pte);
+;
 ...>
 }
