// SPDX-License-Identifier: GPL-2.0
// breaks: migration makes a shared page exclusive
// claim: S2 S5
// rule: migration-is-the-way-in nobody-sees-the-other
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
-!is_readable_migration_entry(E)
+1
|
-!softleaf_is_migration_read(E)
+1
)
 ...>
 }
