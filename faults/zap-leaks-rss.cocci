// SPDX-License-Identifier: GPL-2.0
// breaks: unmapping a coherent page leaves it in the RSS
// claim: S3
// rule: accounts-return freed-to-the-driver
// file: mm/memory.c
// resembles: nothing known
// tests: accounts.coherent.resident-set
@@
identifier f = zap_pte_range;
symbol page, rss;
@@
 f(...)
 {
 <...
-rss[mm_counter(page)]--;
+if (!is_device_coherent_page(page))
+	rss[mm_counter(page)]--;
 ...>
 }
@@
identifier f = {zap_present_folio_ptes};
symbol folio;
expression A, B;
@@
 f(...)
 {
 <...
-A[MM_ANONPAGES] -= B;
+if (!folio_is_device_coherent(folio))
+	A[MM_ANONPAGES] -= B;
 ...>
 }
