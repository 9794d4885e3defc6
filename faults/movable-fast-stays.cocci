// SPDX-License-Identifier: GPL-2.0
// breaks: GUP-fast takes FOLL_LONGTERM references in ZONE_MOVABLE
// claim: S8
// rule: longterm-leaves-movable
// file: mm/gup.c
// resembles: GUP-fast before d1e153fea2a8 (mm/gup: migrate pinned pages out of movable zone)
// tests: movable.rw.longterm-fast-*
// quick: make check runs this fault for its claim
@@
identifier f = {try_grab_folio, try_grab_folio_fast};
expression page;
@@
 f(...)
 {
 <...
(
-!is_longterm_pinnable_page(page)
+(!is_longterm_pinnable_page(page) && is_zone_device_page(page))
|
-!folio_is_longterm_pinnable(page)
+(!folio_is_longterm_pinnable(page) && folio_is_zone_device(page))
)
 ...>
 }
