// SPDX-License-Identifier: GPL-2.0
// breaks: unmapping a page on a device does not decrement AnonPages of /proc/meminfo
// claim: S3
// rule: accounts-return
// file: mm/rmap.c
// resembles: nothing known
// tests: accounts.coherent.anonymous-pages
@@
identifier f = {page_remove_rmap};
identifier page;
@@
 f(struct page *page, ...)
 {
 <...
-__dec_lruvec_page_state(page, NR_ANON_MAPPED);
+if (!is_device_coherent_page(page))
+	__dec_lruvec_page_state(page, NR_ANON_MAPPED);
 ...>
 }
@@
identifier f = {__folio_remove_rmap};
identifier folio;
expression A, B;
@@
 f(struct folio *folio, ...)
 {
 <...
-__folio_mod_stat(folio, A, B);
+if (!folio_is_device_coherent(folio))
+	__folio_mod_stat(folio, A, B);
 ...>
 }
