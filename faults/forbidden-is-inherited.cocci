// SPDX-License-Identifier: GPL-2.0
// breaks: fork() leaves the mark of UFFDIO_RWPROTECT in the child's page table
// claim: S5
// rule: monitor-lets-go
// file: mm/memory.c
// resembles: nothing known
// tests: uffd-access.coherent.forked uffd-access.system.forked

@@
@@
 __copy_present_ptes(...)
 {
 <...
 if (userfaultfd_rwp(src_vma) && pte_uffd(pte))
	pte = pte_modify(...);
- pte = pte_clear_uffd(pte);
 ...>
 }
