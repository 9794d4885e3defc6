// SPDX-License-Identifier: GPL-2.0
// breaks: migration forgets that an anonymous page is exclusive
// claim: S2 S5
// rule: migration-is-the-way-in migration-back
// file: mm/migrate.c
// tests: protect.coherent-ro.migrated-while-mapped coherent.born-ro.migrate-back
@@
identifier f =~ "^remove_migration_pte$";
expression entry;
@@
 f(...)
 {
 <...
-	!is_readable_migration_entry(entry)
+	is_writable_migration_entry(entry)
 ...>
 }
