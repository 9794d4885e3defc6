// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() leaves the mark of UFFDIO_RWPROTECT at an address that is not registered
// claim: S5
// rule: monitor-lets-go
// file: mm/mremap.c
// resembles: nothing known
// tests: uffd-access.coherent.moved-away uffd-access.system.moved-away

@@
@@
 move_ptes(...)
 {
 <...
 if (userfaultfd_rwp(vma) && pte_uffd(pte))
	pte = pte_modify(...);
- pte = pte_clear_uffd(pte);
 ...>
 }
