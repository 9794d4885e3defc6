// SPDX-License-Identifier: GPL-2.0
// breaks: hmm_range_fault() reports a page that UFFDIO_RWPROTECT protects as readable
// claim: S1
// rule: uffd-stops-access
// file: mm/hmm.c
// resembles: nothing known
// tests: uffd-access.*.by-device

@seven@
@@
 pte_is_uffd_wp_marker(...)

@depends on seven@
@@
 pte_to_hmm_pfn_flags(...)
 {
 <...
- pte_protnone(pte)
+ false
 ...>
 }
