// SPDX-License-Identifier: GPL-2.0
// breaks: mprotect() makes a page that UFFDIO_RWPROTECT protects accessible
// claim: S5
// rule: uffd-stops-access
// file: mm/mprotect.c
// resembles: nothing known
// tests: uffd-access.coherent.mprotected uffd-access.system.mprotected

@@
@@
 change_present_ptes(...)
 {
 <...
- if (userfaultfd_rwp(vma) && pte_uffd(ptent))
-	ptent = pte_modify(ptent, PAGE_NONE);
 ...>
 }
