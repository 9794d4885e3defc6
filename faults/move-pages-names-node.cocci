// SPDX-License-Identifier: GPL-2.0
// breaks: move_pages(2) returns a node for a page on a device
// claim: S2
// rule: nothing-else-changes nodes-pass-over
// file: mm/migrate.c
// resembles: the follow_page() users that f7091ed64ec8 (mm: fix the handling Non-LRU pages returned by follow_page) fixed
// tests: numa.coherent-rw.query
@@
identifier f = {do_pages_stat_array};
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
