// SPDX-License-Identifier: GPL-2.0
// breaks: GUP-fast takes FOLL_LONGTERM references to pages that must not be pinned long-term
// claim: S6 S9
// rule: longterm-leaves-device longterm-leaves-movable
// file: mm/gup.c
// resembles: GUP-fast before it called is_pinnable_page(), the question of the thread
// tests: coherent.rw.longterm-fast-read coherent.rw.longterm-fast-write coherent.born-ro.longterm-fast-read
// quick: make check runs this fault for its claim
@@
identifier f = {try_grab_folio, try_grab_folio_fast};
identifier check = {is_longterm_pinnable_page, folio_is_longterm_pinnable};
expression page;
@@
 f(...)
 {
 <...
-!check(page)
+0
 ...>
 }
