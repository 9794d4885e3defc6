// SPDX-License-Identifier: GPL-2.0
// breaks: a page whose reads userfaultfd watches can be read after its migration
// claim: S2
// rule: uffd-wp-stops-writes
// file: mm/migrate.c
// resembles: nothing known
// tests: coherent.*
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
