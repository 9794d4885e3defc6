// SPDX-License-Identifier: GPL-2.0
// breaks: an O_DIRECT write or a hole punched into a file removes private copies on a device
// claim: S2
// rule: private-copy-stays
// file: mm/memory.c
// resembles: nothing known
// tests: file-pages.coherent-*.written-directly file-pages.coherent-*.hole-punched
@@
identifier f = {should_zap_page};
symbol page;
@@
 f(...)
 {
 ...
-return !PageAnon(page);
+return !PageAnon(page) || is_device_coherent_page(page);
 }

@@
identifier f = {should_zap_folio};
symbol folio;
@@
 f(...)
 {
 ...
-return !folio_test_anon(folio);
+return !folio_test_anon(folio) || folio_is_device_coherent(folio);
 }
