// SPDX-License-Identifier: GPL-2.0
// breaks: truncation of a file leaves private copies on a device mapped behind its end, and
// breaks: MADV_DONTNEED does, too (7.3)
// claim: S3
// rule: end-of-file
// file: mm/memory.c
// resembles: nothing known
// tests: file-pages.coherent-*.truncated file-pages.coherent-*.truncated-in-child file-pages.coherent-*.truncated-while-held
@@
identifier f = {should_zap_page};
symbol page, details;
@@
 f(...)
 {
 ...
-if (should_zap_cows(details))
+if (should_zap_cows(details) && !(details && !details->zap_flags && page &&
+    is_device_coherent_page(page)))
	return true;
 ...
 }

@@
identifier f = {should_zap_folio};
symbol folio, details;
@@
 f(...)
 {
 ...
-if (should_zap_cows(details))
+if (should_zap_cows(details) && !(details && !details->zap_flags &&
+    folio_is_device_coherent(folio)))
	return true;
 ...
 }
