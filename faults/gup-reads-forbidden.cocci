// SPDX-License-Identifier: GPL-2.0
// breaks: GUP reads a page that UFFDIO_RWPROTECT protects, without a fault
// claim: S5
// rule: uffd-stops-access
// file: mm/gup.c
// resembles: nothing known
// tests: uffd-access.coherent.by-pin uffd-access.system.by-kernel

@seven@
@@
 vma_is_cow_mapping(...)

@depends on seven@
@@
 follow_page_pte(...)
 {
 <...
- !gup_can_follow_protnone(vma, flags)
+ false
 ...>
 }
