// SPDX-License-Identifier: GPL-2.0
// breaks: a long-term pin for writing by GUP-fast leaves a page on the device
// claim: S6 S9
// rule: longterm-leaves-device
// file: mm/gup.c
// resembles: nothing known
// tests: coherent.rw.longterm-fast-write
@@
identifier f = {try_grab_folio, try_grab_folio_fast};
identifier check = {is_longterm_pinnable_page, folio_is_longterm_pinnable};
expression page;
identifier flags;
@@
 f(...)
 {
 <...
-(flags & FOLL_LONGTERM) && !check(page)
+(flags & FOLL_LONGTERM) && !(flags & FOLL_WRITE) && !check(page)
 ...>
 }
