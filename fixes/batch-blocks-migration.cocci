// SPDX-License-Identifier: GPL-2.0
// fixes: the batches of all processors are drained when one of them may hold a page to migrate
// finding: batch-blocks-migration
// kernels: 6.1 6.12 7.3
// file: mm/migrate_device.c
@@
identifier f = migrate_device_unmap;
@@
 f(...)
 {
 <...
 if (folio_mapped(folio))
 	try_to_migrate(folio, 0);
+if (!is_zone_device_page(page) && allow_drain && !migrate_vma_check_page(page, fault_page)) {
+	lru_add_drain_all();
+	allow_drain = false;
+}
 ...>
 }
