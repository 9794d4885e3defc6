// SPDX-License-Identifier: GPL-2.0
// breaks: a page that was accessed is not accessed any more after a migration
// claim: S2
// rule: migration-is-the-way-in
// file: mm/migrate.c
// history: mm: remember young/dirty bit for page migrations (2e3468778dbe)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: tracking.*.accessed-and-migrated
@@
identifier f = {remove_migration_pte};
symbol entry, pte;
@@
 f(...)
 {
 <...
-if (!softleaf_is_migration_young(entry))
 	pte = pte_mkold(pte);
 ...>
 }
