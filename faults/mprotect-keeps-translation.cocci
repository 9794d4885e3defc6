// SPDX-License-Identifier: GPL-2.0
// breaks: mprotect() changes the PTE of a page on a device without flushing the TLB
// claim: S5
// rule: next-access-sees
// file: mm/mprotect.c
// resembles: nothing known
// tests: next-access.coherent.store-after-mprotect next-access.coherent.load-after-prot-none
// tests: next-access.coherent.store-after-uffd-wp
@@
symbol oldpte, ptent;
@@
-if (pte_needs_flush(oldpte, ptent))
+if (pte_needs_flush(oldpte, ptent) && !is_device_coherent_page(pte_page(oldpte)))
 	tlb_flush_pte_range(...);
