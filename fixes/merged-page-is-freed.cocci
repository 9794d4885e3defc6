// SPDX-License-Identifier: GPL-2.0
// fixes: MADV_FREE leaves a page alone that KSM has merged, since other users may join it later
// finding: merged-page-is-freed
// kernels: 6.1 6.12 7.3
// file: mm/madvise.c
// tests: merged.*.freed-by-one
@@
identifier f = madvise_free_pte_range;
expression page;
@@
 f(...)
 {
 <...
(
-if (!page || is_zone_device_page(page))
+if (!page || is_zone_device_page(page) || PageKsm(page))
 	continue;
|
-if (!page || folio_is_zone_device(page))
+if (!page || folio_is_zone_device(page) || folio_test_ksm(page))
 	continue;
)
 ...>
 }
