// SPDX-License-Identifier: GPL-2.0
// fixes: an entry of exclusive access is none of migration, and keeps its page from moving
// finding: exclusive-leak
// kernels: 6.1 6.12
// file: mm/page_vma_mapped.c mm/migrate_device.c
// tests: destructive.exclusive-page-evicted
@@
identifier f = check_pte;
expression entry;
@@
 f(...)
 {
 <...
-if (!is_migration_entry(entry) && !is_device_exclusive_entry(entry))
+if (!is_migration_entry(entry))
 	return false;
 ...>
 }

@@
identifier f = migrate_vma_check_page;
expression E;
@@
 f(...)
 {
 <...
(
-if (is_zone_device_page(E))
-	extra++;
|
-if (folio_is_zone_device(E))
-	extra++;
)
 ...>
 }
