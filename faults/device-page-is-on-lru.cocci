// SPDX-License-Identifier: GPL-2.0
// breaks: a page that is migrated to a device is put on an LRU list
// claim: S2
// rule: kernel-survives not-reclaimed
// file: mm/migrate_device.c
// resembles: nothing known
// tests: driver.takes-pages coherent.rw.cpu-read
// seen: check crash vm splat hang
@@
identifier f = {migrate_device_finalize, __migrate_device_finalize};
symbol dst;
@@
 f(...)
 {
 <...
-if (!folio_is_zone_device(dst))
+if (!folio_is_device_private(dst))
 	folio_add_lru(dst);
 ...>
 }
@@
identifier f = {migrate_vma_insert_page};
statement S;
@@
 f(...)
 {
 <...
(
-if (!is_zone_device_page(page))
+if (!is_device_private_page(page))
 	S
|
-if (!folio_is_zone_device(folio))
+if (!folio_is_device_private(folio))
 	S
)
 ...>
 }
