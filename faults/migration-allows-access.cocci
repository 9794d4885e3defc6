// SPDX-License-Identifier: GPL-2.0
// breaks: migration leaves a page that UFFDIO_RWPROTECT protects accessible
// claim: S2
// rule: uffd-stops-access
// file: mm/migrate.c
// resembles: nothing known
// tests: uffd-access.*.migrated

@@
@@
 remove_migration_pte(...)
 {
 <...
- if (pte_swp_uffd(old_pte) && userfaultfd_rwp(vma))
-	pte = pte_modify(pte, PAGE_NONE);
 ...>
 }
