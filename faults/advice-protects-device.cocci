// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_COLD and MADV_PAGEOUT write-protect the device pages that they skip
// claim: S2
// rule: not-reclaimed
// file: mm/madvise.c
// resembles: nothing known
// tests: reclaim.coherent-rw.advice
@@
identifier f = {madvise_cold_or_pageout_pte_range};
expression page;
@@
 f(...)
 {
 <...
(
 if (!page || is_zone_device_page(page))
+{
+	if (page)
+		ptep_set_wrprotect(mm, addr, pte);
 	continue;
+}
|
 if (!page || folio_is_zone_device(page))
+{
+	if (page)
+		ptep_set_wrprotect(mm, addr, pte);
 	continue;
+}
)
 ...>
 }
