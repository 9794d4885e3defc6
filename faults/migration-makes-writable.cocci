// SPDX-License-Identifier: GPL-2.0
// breaks: migration maps the new page writable although the old one was read-only
// claim: S2
// rule: migration-is-the-way-in migration-back
// file: mm/migrate.c
// resembles: nothing known
// tests: fork.coherent-rw.migrated-while-shared
@@
identifier f = {remove_migration_pte};
expression E;
@@
 f(...)
 {
 <...
(
-is_writable_migration_entry(E)
+1
|
-softleaf_is_migration_write(E)
+1
)
 ...>
 }
