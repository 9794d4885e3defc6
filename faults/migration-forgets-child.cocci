// SPDX-License-Identifier: GPL-2.0
// breaks: after migration only the caller's mapping is restored
// claim: S2
// rule: migration-back migration-is-the-way-in
// file: mm/migrate.c
// resembles: nothing known
// tests: fork.coherent-rw.migrated-while-shared coherent.cow-shared.migrate-back
@@
identifier f =~ "^remove_migration_pte$";
identifier folio, vma, addr, arg;
statement S;
@@
 f(struct folio *folio, struct vm_area_struct *vma, unsigned long addr, void *arg)
 {
 ...
+	if (vma->vm_mm != current->mm)
+		return true;
 while (...) S
 ...
 }
