// SPDX-License-Identifier: GPL-2.0
// fixes: a whole huge page on a coherent device is selected as one, and not as system memory
// finding: huge-coherent
// kernels: 7.3
// file: mm/migrate_device.c
@@
identifier f = migrate_vma_collect_huge_pmd;
@@
 f(...)
 {
 <...
 if (pmd_trans_huge(*pmdp)) {
-	if (!(migrate->flags & MIGRATE_VMA_SELECT_SYSTEM)) {
+	folio = pmd_folio(*pmdp);
+	if (folio_is_device_coherent(folio) ?
+	    !(migrate->flags & MIGRATE_VMA_SELECT_DEVICE_COHERENT) ||
+	    folio->pgmap->owner != migrate->pgmap_owner :
+	    !(migrate->flags & MIGRATE_VMA_SELECT_SYSTEM)) {
 		...
 	}
 	...
 } else if (...) {
 	...
 } else {
 	...
 }
 ...>
 }
