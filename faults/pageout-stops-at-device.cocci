// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_COLD and MADV_PAGEOUT stop at the first page on a device
// claim: S2
// rule: whole-range
// file: mm/madvise.c
// resembles: nothing known
// tests: reclaim.*.advice-for-mixture

@@
@@
 madvise_cold_or_pageout_pte_range(...)
 {
 <...
 if (!folio || folio_is_zone_device(folio))
-	continue;
+	break;
 ...>
 }

@@
@@
 madvise_cold_or_pageout_pte_range(...)
 {
 <...
 if (!page || is_zone_device_page(page))
-	continue;
+	break;
 ...>
 }
