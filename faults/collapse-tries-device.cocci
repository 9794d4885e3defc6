// SPDX-License-Identifier: GPL-2.0
// breaks: collapse of a range takes a device page for one of memory that is busy
// claim: S2
// rule: not-collapsed
// file: mm/khugepaged.c
// resembles: nothing known
// tests: collapse.by-advice
@@
identifier f =~ "^(hpage_collapse_scan_pmd|collapse_scan_pmd)$";
expression page;
@@
 f(...)
 {
 <...
-is_zone_device_page(page)
+0
 ...>
 }
