// SPDX-License-Identifier: GPL-2.0
// breaks: migration leaves a hole in each other process that maps the page
// claim: S2
// rule: migration-back migration-is-the-way-in nobody-sees-the-other
// file: mm/migrate.c
// resembles: nothing known
// tests: fork.coherent-rw.migrated-while-shared coherent.cow-shared.migrate-back
@@
identifier f = {remove_migration_pte};
symbol folio, vma, pvmw;
@@
 f(...)
 {
 <...
+if (folio_test_anon(folio) && current->mm && vma->vm_mm != current->mm) {
+	pte_clear(vma->vm_mm, pvmw.address, pvmw.pte);
+	continue;
+}
 folio_get(folio);
 ...>
 }
