// SPDX-License-Identifier: GPL-2.0
// fixes: a huge page on a coherent device can be split, and a long-term pin does that
// finding: huge-coherent
// kernels: 7.3
// file: mm/huge_memory.c mm/migrate_device.c mm/gup.c
// tests: destructive.huge-page-split destructive.huge-page-pinned
@@
identifier f = lru_add_split_folio;
identifier folio;
@@
 f(struct folio *folio, ...)
 {
 <...
-folio_is_device_private(folio)
+folio_is_zone_device(folio)
 ...>
 }

@@
identifier f = __folio_freeze_and_split_unmapped;
@@
 f(...)
 {
 <...
 next = folio_next(new_folio);
+if (folio_is_device_coherent(folio))
+	new_folio->pgmap = folio->pgmap;
 ...>
 }

@@
identifier f = __folio_split;
expression ret, is_anon;
@@
 f(...)
 {
 <...
-ret && is_anon && !folio_is_device_private(folio)
+ret && is_anon && !folio_is_zone_device(folio)
 ...>
 }

@@
identifier f = migrate_device_coherent_folio;
@@
 f(...)
 {
 ...
-WARN_ON_ONCE(folio_test_large(folio));
 folio_lock(folio);
+if (folio_test_large(folio)) {
+	int ret = split_folio(folio);
+
+	/* The pin is tried again, and finds small folios. */
+	folio_unlock(folio);
+	folio_put(folio);
+	return ret ? -EBUSY : 0;
+}
 ...
 }

@@
identifier f = migrate_longterm_unpinnable_folios;
@@
 f(...)
 {
 <...
 gup_put_folio(folio, 1, FOLL_PIN);
+if (i + 1 < pofs->nr_entries && pofs_get_folio(pofs, i + 1) == folio) {
+	folio_put(folio);
+	continue;
+}
 ...>
 }
