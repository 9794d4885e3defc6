// SPDX-License-Identifier: GPL-2.0
// breaks: KSM merges pages of a device
// claim: S2
// rule: nothing-else-changes not-merged
// file: mm/ksm.c
// resembles: 3218f8712d6b (mm: handling Non-LRU pages returned by vm_normal_pages) reverted in one place
// tests: ksm.*device-pages-stay-apart
@@
expression E;
@@
(
-is_zone_device_page(E)
+0
|
-folio_is_zone_device(E)
+0
)
