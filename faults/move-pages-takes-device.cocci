// SPDX-License-Identifier: GPL-2.0
// breaks: move_pages(2) tries to isolate a page on a device
// claim: S2
// rule: nothing-else-changes nodes-pass-over
// file: mm/migrate.c
// resembles: the follow_page() users that f7091ed64ec8 (mm: fix the handling Non-LRU pages returned by follow_page) fixed
// tests: numa.coherent-rw.move
@@
identifier f = {add_page_for_migration, __add_folio_for_migration, add_folio_for_migration};
expression E;
@@
 f(...)
 {
 <...
(
-is_zone_device_page(E)
+0
|
-folio_is_zone_device(E)
+0
)
 ...>
 }
