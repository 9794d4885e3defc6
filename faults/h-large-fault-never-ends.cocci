// SPDX-License-Identifier: GPL-2.0
// breaks: a fault of shared memory is repeated for ever if a page of the same large page is mapped
// claim: S2
// rule: legal-calls-work
// file: mm/memory.c
// history: mm: fix finish_fault() handling for large folios (34b82f33cf3f)
// source: Debian's changelog of linux 6.12.95, stable update
// kernels: 7.3
// tests: huge-shared.huge.mapped-beside-another
@@
identifier f = {finish_fault};
identifier needs_fallback, vmf;
@@
 f(...)
 {
 <...
-needs_fallback = true;
 pte_unmap_unlock(vmf->pte, vmf->ptl);
-goto fallback;
+return VM_FAULT_NOPAGE;
 ...>
 }
