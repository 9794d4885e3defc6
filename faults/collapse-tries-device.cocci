// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_COLLAPSE treats a device page as a busy page of memory
// claim: S2
// rule: not-collapsed
// file: mm/khugepaged.c
// resembles: nothing known
// tests: collapse.by-advice
@@
identifier f = {hpage_collapse_scan_pmd, collapse_scan_pmd};
expression page;
@@
 f(...)
 {
 <...
-is_zone_device_page(page)
+0
 ...>
 }
