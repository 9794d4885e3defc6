// SPDX-License-Identifier: GPL-2.0
// breaks: a page that comes back from a device is on no LRU list
// claim: S2
// rule: migration-is-the-way-in
// file: mm/migrate_device.c
// resembles: nothing known
// tests: coherent.rw.cpu-read
@@
identifier f = {__migrate_device_finalize, migrate_device_finalize};
symbol dst, src;
@@
 f(...)
 {
 <...
-if (!folio_is_zone_device(dst))
+if (!folio_is_zone_device(dst) && dst == src)
 	folio_add_lru(dst);
 ...>
 }
