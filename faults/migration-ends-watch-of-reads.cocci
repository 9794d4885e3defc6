// SPDX-License-Identifier: GPL-2.0
// breaks: a page whose reads userfaultfd watches can be read after its migration
// claim: S5
// rule: uffd-stops-access
// file: mm/migrate.c
// resembles: nothing known
// tests: uffd-access.*.migrated
@@
identifier f = {remove_migration_pte};
expression E;
@@
 f(...)
 {
 <...
-pte_modify(E, PAGE_NONE)
+E
 ...>
 }
