// SPDX-License-Identifier: GPL-2.0
// breaks: a long-term pin of several pages checks only the last one
// claim: S7 S8
// rule: longterm-leaves-device longterm-leaves-movable
// file: mm/gup.c
// resembles: nothing known
// tests: coherent.rw.ring-register.half-placed coherent.rw.longterm-slow-*.half-placed fixed-buffers.movable-rw.registration
@@
identifier f = {collect_longterm_unpinnable_pages};
identifier i, nr_pages;
@@
 f(..., unsigned long nr_pages, ...)
 {
 <...
-for (i = 0; i < nr_pages; i++)
+for (i = nr_pages - 1; i < nr_pages; i++)
 {
 	...
 }
 ...>
 }
@@
identifier f = {collect_longterm_unpinnable_folios};
identifier pofs, i, folio;
@@
 f(struct list_head *movable_folio_list, struct pages_or_folios *pofs)
 {
 <...
-long i = 0;
+long i = pofs->nr_entries - 1;
 ...>
 }
