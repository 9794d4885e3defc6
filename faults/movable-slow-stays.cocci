// SPDX-License-Identifier: GPL-2.0
// breaks: a long-term pin by slow GUP leaves a page in ZONE_MOVABLE
// claim: S8
// rule: longterm-leaves-movable
// file: mm/gup.c
// resembles: d1e153fea2a8 (mm/gup: migrate pinned pages out of movable zone) reverted
// tests: movable.rw.longterm-slow-* movable.rw.ring-register
@@
identifier f = {collect_longterm_unpinnable_pages, collect_longterm_unpinnable_folios};
expression folio;
@@
 f(...)
 {
 <...
-folio_is_longterm_pinnable(folio)
+(folio_is_longterm_pinnable(folio) || !folio_is_zone_device(folio))
 ...>
 }
