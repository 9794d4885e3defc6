// SPDX-License-Identifier: GPL-2.0
// breaks: a page that cannot be migrated to a device, because it is pinned, is on no LRU list afterwards
// claim: S3
// rule: back-is-memory
// file: mm/migrate_device.c
// resembles: nothing known
// tests: orders.system-reference.held-then-migrated reclaim.*.each-way
@@
identifier f = {migrate_device_unmap,migrate_vma_unmap};
expression E;
@@
 f(...)
 {
 <...
-folio_putback_lru(E);
+folio_put(E);
 ...>
 }
@@
identifier f = {migrate_device_unmap,migrate_vma_unmap};
expression E;
@@
 f(...)
 {
 <...
-putback_lru_page(E);
+put_page(E);
 ...>
 }
