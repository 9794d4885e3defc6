// SPDX-License-Identifier: GPL-2.0
// breaks: truncation of a file leaves private copies on a device mapped behind its end
// claim: S3
// rule: end-of-file
// file: mm/memory.c
// resembles: nothing known
// tests: file-pages.coherent-*.truncated file-pages.coherent-*.truncated-in-child file-pages.coherent-*.truncated-while-held
@@
identifier f =~ "^should_zap_page$";
symbol page, details;
@@
 f(...)
 {
 ...
-if (should_zap_cows(details))
+if (should_zap_cows(details) && !(details && page && is_device_coherent_page(page)))
	return true;
 ...
 }

@@
identifier f =~ "^should_zap_folio$";
symbol folio, details;
@@
 f(...)
 {
 ...
-if (should_zap_cows(details))
+if (should_zap_cows(details) && !(details && folio_is_device_coherent(folio)))
	return true;
 ...
 }
