// SPDX-License-Identifier: GPL-2.0
// breaks: reclaim unmaps and swaps out pages that are pinned
// claim: S7
// rule: pin-follows-owner
// file: mm/vmscan.c mm/rmap.c
// resembles: nothing known
// tests: swapped.load.pinned-stays

@@
@@
 shrink_folio_list(...)
 {
 <...
- folio_maybe_dma_pinned(...)
+ false
 ...>
 }

@@
identifier f = {try_to_unmap_one, ttu_anon_swapbacked_folio};
expression folio, page;
statement S;
@@
 f(...)
 {
 <...
(
- if (anon_exclusive && folio_try_share_anon_rmap_pte(folio, page))
-	S
+ if (anon_exclusive)
+	ClearPageAnonExclusive(page);
|
- if (anon_exclusive && page_try_share_anon_rmap(page))
-	S
+ if (anon_exclusive)
+	ClearPageAnonExclusive(page);
)
 ...>
 }
