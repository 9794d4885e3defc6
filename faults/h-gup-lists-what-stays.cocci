// SPDX-License-Identifier: GPL-2.0
// breaks: the result of folio_isolate_lru() is inverted
// claim: S8
// rule: longterm-leaves-movable
// file: mm/gup.c
// history: mm/gup: add folio to list when folio_isolate_lru() succeed (aa1e6a932ca6)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: *
@@
identifier f = {collect_longterm_unpinnable_pages, collect_longterm_unpinnable_folios};
expression folio;
@@
 f(...)
 {
 <...
(
-!folio_isolate_lru(folio)
+folio_isolate_lru(folio)
|
-folio_isolate_lru(folio)
+!folio_isolate_lru(folio)
)
 ...>
 }
