// SPDX-License-Identifier: GPL-2.0
// breaks: a page on a device that was unmapped stays accessible through its old translation
// claim: S5
// rule: next-access-sees
// file: mm/memory.c
// resembles: nothing known
// tests: next-access.coherent.load-after-zap
@@
identifier f = zap_pte_range;
symbol page;
expression A, B, C;
@@
 f(...)
 {
 <...
-tlb_remove_tlb_entry(A, B, C);
+if (!page || !is_device_coherent_page(page))
+	tlb_remove_tlb_entry(A, B, C);
 ...>
 }
@@
identifier f = zap_present_folio_ptes;
symbol folio;
expression A, B, C, D;
@@
 f(...)
 {
 <...
-tlb_remove_tlb_entries(A, B, C, D);
+if (!folio_is_device_coherent(folio))
+	tlb_remove_tlb_entries(A, B, C, D);
 ...>
 }
