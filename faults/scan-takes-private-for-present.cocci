// SPDX-License-Identifier: GPL-2.0
// breaks: PAGEMAP_SCAN reports a page that only a device can access as present
// claim: S1
// rule: reported-by-state
// file: fs/proc/task_mmu.c
// resembles: nothing known
// tests: page-reports.private.scan page-reports.exclusive.scan
@@
identifier f = {pagemap_page_category};
symbol pte;
@@
 f(...)
 {
 <...
-categories = PAGE_IS_SWAPPED;
+categories = softleaf_has_pfn(softleaf_from_pte(pte)) ? PAGE_IS_PRESENT : PAGE_IS_SWAPPED;
 ...>
 }
