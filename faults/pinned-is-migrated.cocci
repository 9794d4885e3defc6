// SPDX-License-Identifier: GPL-2.0
// breaks: migration to a device does not check for references beyond the mappings
// claim: S7
// rule: pinned-stays
// file: mm/migrate_device.c mm/migrate.c
// resembles: nothing known
// tests: fixed-buffers.coherent-rw.unregistering-frees-them
@@
identifier f = {migrate_vma_check_page};
@@
 f(...)
 {
+	return true;
 	...
 }
@@
expression page;
@@
-page_try_share_anon_rmap(page)
+(ClearPageAnonExclusive(page), 0)
@@
expression folio, page;
@@
-folio_try_share_anon_rmap_pte(folio, page)
+(ClearPageAnonExclusive(page), 0)
@@
identifier f = {folio_migrate_mapping};
expression folio, E;
@@
 f(...)
 {
 <...
-folio_ref_count(folio) != E
+0
 ...>
 }
