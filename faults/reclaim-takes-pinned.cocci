// SPDX-License-Identifier: GPL-2.0
// breaks: reclaim unmaps and swaps out pages that are pinned
// claim: S7
// rule: pin-follows-owner
// file: mm/vmscan.c
// resembles: d824ec2a1546 (mm: do not reclaim private data from pinned page)
// tests: swapped.load.pinned-stays

@@
@@
 shrink_folio_list(...)
 {
 <...
- folio_maybe_dma_pinned(folio)
+ false
 ...>
 }
