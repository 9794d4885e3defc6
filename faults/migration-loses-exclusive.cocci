// SPDX-License-Identifier: GPL-2.0
// breaks: migration loses PageAnonExclusive
// claim: S2 S5
// rule: migration-is-the-way-in migration-back
// file: mm/migrate.c
// resembles: nothing known
// tests: protect.coherent-ro.migrated-while-mapped
@@
identifier f = {remove_migration_pte};
expression E;
@@
 f(...)
 {
 <...
(
-!is_readable_migration_entry(E)
+is_writable_migration_entry(E)
|
-!softleaf_is_migration_read(E)
+softleaf_is_migration_write(E)
)
 ...>
 }
