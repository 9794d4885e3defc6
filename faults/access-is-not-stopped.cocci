// SPDX-License-Identifier: GPL-2.0
// breaks: an access to a page that UFFDIO_RWPROTECT protects is taken for a NUMA hinting fault,
// breaks: and succeeds
// claim: S5
// rule: uffd-stops-access
// file: mm/memory.c
// resembles: nothing known
// tests: uffd-access.*.by-cpu uffd-access.*.by-kernel

@@
@@
 handle_pte_fault(...)
 {
 <...
- userfaultfd_pte_rwp(vmf->vma, vmf->orig_pte)
+ false
 ...>
 }
