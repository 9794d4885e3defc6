// SPDX-License-Identifier: GPL-2.0
// breaks: mlock(2) counts a page of a device as locked
// claim: S2
// rule: nothing-else-changes locked-as-memory
// file: mm/mlock.c
// resembles: 3218f8712d6b (mm: handling Non-LRU pages returned by vm_normal_pages) reverted in one place
// tests: mlock.coherent-rw.locked-on-device
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
