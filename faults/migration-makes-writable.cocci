// SPDX-License-Identifier: GPL-2.0
// breaks: migration maps the new page writable whatever the old one was
// claim: S2
// rule: migration-is-the-way-in migration-back
// file: mm/migrate.c
// tests: coherent.cow-then-migrated.cpu-read fork.coherent-rw.migrated-while-shared coherent.born-ro.cpu-read
@@
identifier f =~ "^remove_migration_pte$";
expression entry;
@@
 f(...)
 {
 <...
-	is_writable_migration_entry(entry)
+	1
 ...>
 }
