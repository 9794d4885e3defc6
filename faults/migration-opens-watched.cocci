// SPDX-License-Identifier: GPL-2.0
// breaks: a page whose accesses userfaultfd watches (RWP) can be accessed without an event when it was migrated
// claim: S5
// rule: protection-as-asked
// file: mm/migrate.c
// resembles: nothing known
// tests: uffd-access.*.migrated
@@
identifier f = {remove_migration_pte};
symbol pte, old_pte, vma;
@@
 f(...)
 {
 <...
-if (pte_swp_uffd(old_pte) && userfaultfd_rwp(vma))
-	pte = pte_modify(pte, PAGE_NONE);
 ...>
 }
