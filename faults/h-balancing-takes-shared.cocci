// SPDX-License-Identifier: GPL-2.0
// breaks: NUMA balancing makes hint faults for pages that a child of fork() shares
// claim: S1
// rule: balancing-passes-over
// file: mm/mempolicy.c mm/mprotect.c
// history: mm: don't try to NUMA-migrate COW pages that have other uses (80d47f5de5e3)
// source: Debian's changelog of linux 6.1.187, stable update
// kernels: 6.1 7.3
// tests: balancing.scanned
@@
identifier f = {folio_can_map_prot_numa};
identifier vma, folio;
@@
 f(...)
 {
 <...
-if (vma_is_cow_mapping(vma) && folio_maybe_mapped_shared(folio))
-	return false;
 ...>
 }

@@
identifier f = {change_pte_range};
identifier vma, page;
@@
 f(...)
 {
 <...
-if (is_cow_mapping(vma->vm_flags) && page_count(page) != 1)
-	continue;
 ...>
 }
