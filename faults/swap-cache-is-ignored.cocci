// SPDX-License-Identifier: GPL-2.0
// breaks: migration to a device migrates a page that is in the swap cache (6.1), or leaves all
// breaks: pages that are (since 6.5)
// claim: S2
// rule: swap-cache
// file: mm/migrate_device.c
// resembles: what 6.12 does; see docs/findings.md
// tests: reclaim.coherent-rw.swap-cache
@@
identifier f = {migrate_vma_pages, __migrate_device_pages};
symbol mapping, page, folio;
@@
 f(...)
 {
 <...
(
-if (mapping)
+if (mapping && !PageAnon(page))
 {
 ...
 continue;
 }
|
-!folio_free_swap(folio)
+folio_test_swapcache(folio)
)
 ...>
 }
