// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_PAGEOUT takes pages that another process maps too
// claim: S2
// rule: paged-out-alone
// file: mm/madvise.c
// resembles: nothing known
// tests: swapped.load.shared-is-left
@@
identifier f = {madvise_cold_or_pageout_pte_range};
identifier folio;
@@
 f(...)
 {
 <...
-folio_mapcount(folio) != folio_nr_pages(folio)
+0
 ...>
 }
@@
identifier f = {madvise_cold_or_pageout_pte_range};
identifier page;
@@
 f(...)
 {
 <...
-page_mapcount(page) != 1
+0
 ...>
 }
