// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_PAGEOUT and MADV_COLD leave large pages that are mapped as a whole
// claim: S2
// rule: paged-out-alone
// file: mm/madvise.c
// history: madvise:madvise_cold_or_pageout_pte_range(): don't use mapcount() against large folio for sharing check (2f406263e3e9)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: large.*.swapped-as-one
@@
identifier f = {madvise_cold_or_pageout_pte_range};
identifier folio;
@@
 f(...)
 {
 <...
-folio_mapcount(folio) != folio_nr_pages(folio)
+folio_mapcount(folio) != 1
 ...>
 }
