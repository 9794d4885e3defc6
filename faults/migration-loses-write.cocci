// SPDX-License-Identifier: GPL-2.0
// breaks: migration maps the new page read-only although the old one was writable
// claim: S2
// rule: migration-is-the-way-in migration-back
// file: mm/migrate_device.c
// resembles: nothing known
// tests: protect.system-rw.migrated-while-mapped coherent.ro-rw.migrate-back
@@
identifier f = {migrate_vma_collect_pmd};
expression E;
@@
 f(...)
 {
 <...
-pte_write(E) ? MIGRATE_PFN_WRITE : 0
+0
 ...>
 }
