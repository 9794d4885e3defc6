// SPDX-License-Identifier: GPL-2.0
// breaks: before migration, GUP drains the batches only for a page that is on no LRU list, although
// breaks: they may hold references to others
// claim: S8
// rule: longterm-leaves-movable
// file: mm/gup.c
// history: mm/gup: check ref_count instead of lru before migration (98c6d259319e)
// source: Debian's changelog of linux 6.1.192-2 (stable updates); the patch on linux-mm
// kernels: 6.1 7.3
// tests: pin-batches.accessed.of-another-processor
@@
identifier f = {collect_longterm_unpinnable_pages};
expression folio;
constant D;
identifier drained;
@@
 f(...)
 {
 <...
-drained == D && folio_may_be_lru_cached(folio) && folio_ref_count(folio) != folio_expected_ref_count(folio) + 1
+drained == D && !folio_test_lru(folio)
 ...>
 }

@@
identifier f = {collect_longterm_unpinnable_folios};
expression folio, E;
identifier drained;
@@
 f(...)
 {
 <...
-lru_cache_drain_for_folio(folio, E, &drained);
+if (!folio_test_lru(folio) && drained == LRU_CACHE_NOT_DRAINED) {
+	lru_add_drain_all();
+	drained = LRU_CACHE_DRAINED_ALL;
+}
 ...>
 }
