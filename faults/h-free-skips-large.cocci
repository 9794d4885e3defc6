// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_FREE leaves the pages of a large folio of which other pages are mapped, too
// claim: S1
// rule: reported-by-state
// file: mm/madvise.c
// history: madvise:madvise_free_pte_range(): don't use mapcount() against large folio (not seen)
// source: Debian changelog of 6.1
// kernels: 6.1 6.12 7.3
// tests: freed-huge.first-shared.freed-in-part

@@
@@
 madvise_free_pte_range(...)
 {
 <...
(
- folio_estimated_sharers(folio) != 1
+ folio_mapcount(folio) != 1
|
- folio_likely_mapped_shared(folio)
+ folio_mapcount(folio) != 1
|
- folio_maybe_mapped_shared(folio)
+ folio_mapcount(folio) != 1
)
 ...>
 }
