// SPDX-License-Identifier: GPL-2.0
// breaks: with UFFD_FEATURE_RWP_ASYNC an access does not remove the mark of UFFDIO_RWPROTECT
// claim: S5
// rule: uffd-stops-access
// file: mm/memory.c
// resembles: nothing known
// tests: uffd-access.*.recorded

@@
@@
 do_uffd_rwp(...)
 {
 <...
- pte = pte_clear_uffd(pte);
 ...>
 }
