// SPDX-License-Identifier: GPL-2.0
// breaks: a page for which the device has no free page is zeroed
// claim: S2
// rule: no-page-no-move
// file: mm/migrate_device.c
// resembles: nothing known
// tests: device-full.each-page-once devices.coherent-rw.failed-allocation
@@
identifier f = {migrate_vma_pages, __migrate_device_pages};
identifier newpage, page;
expression src;
@@
 f(...)
 {
 <...
 struct page *newpage = migrate_pfn_to_page(...);
 struct page *page = migrate_pfn_to_page(src);
 ...
 if (!newpage) {
+	if (page && (src & MIGRATE_PFN_MIGRATE))
+		clear_highpage(page);
 ...
 }
 ...>
 }
