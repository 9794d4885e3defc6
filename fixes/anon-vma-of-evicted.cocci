// SPDX-License-Identifier: GPL-2.0
// fixes: eviction leaves a page that nobody maps any more to who still holds it
// finding: anon-vma-is-gone
// kernels: 6.1 6.12 7.3
// file: mm/migrate_device.c
// profile: debug
// tests: destructive.evicted-after-unmap
@@
identifier f = migrate_device_range;
expression page, E;
@@
 f(...)
 {
 <...
 if (!trylock_page(page)) {
 	...
 	continue;
 }
+if (!page_mapped(page)) {
+	src_pfns[i] = 0;
+	unlock_page(page);
+	put_page(page);
+	continue;
+}
 ...>
 }

@@
identifier f = migrate_device_pfn_lock;
expression folio;
@@
 f(...)
 {
 <...
 if (!folio_trylock(folio)) {
 	...
 	return 0;
 }
+if (!folio_mapped(folio)) {
+	folio_unlock(folio);
+	folio_put(folio);
+	return 0;
+}
 ...>
 }

@@
identifier f = migrate_device_range;
expression folio;
@@
 f(...)
 {
 <...
 if (!folio_trylock(folio)) {
 	...
 	continue;
 }
+if (!folio_mapped(folio)) {
+	src_pfns[i] = 0;
+	folio_unlock(folio);
+	folio_put(folio);
+	continue;
+}
 ...>
 }
