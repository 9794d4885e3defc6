// SPDX-License-Identifier: GPL-2.0
// breaks: GUP-fast allows a long-term pin of a coherent page, slow GUP does not
// claim: S9 S6
// rule: longterm-leaves-device
// file: mm/gup.c
// resembles: two copies of is_pinnable_page() that differ, the last question of the thread
// tests: coherent.rw.longterm-fast-read
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
+(!is_longterm_pinnable_page(page) && !is_device_coherent_page(page))
|
-!folio_is_longterm_pinnable(page)
+(!folio_is_longterm_pinnable(page) && !folio_is_device_coherent(page))
)
 ...>
 }
