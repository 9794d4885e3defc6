// SPDX-License-Identifier: GPL-2.0
// fixes: the anon_vma of a page that a long-term pin moves stays until the page has moved
// finding: anon-vma-is-gone
// kernels: 6.12 7.3
// file: mm/migrate_device.c
// profile: debug
// tests: destructive.unmapped-while-moved@7.3
@@
identifier f = migrate_device_coherent_folio;
identifier dfolio;
@@
 f(...)
 {
 ...
 struct folio *dfolio;
+struct anon_vma *anon_vma = NULL;
+int ret;
 ...
 folio_lock(folio);
+if (folio_test_anon(folio) && !folio_test_ksm(folio)) {
+	anon_vma = folio_get_anon_vma(folio);
+	if (!anon_vma) {
+		/* Unmapped meanwhile: nothing to move, and GUP tries again. */
+		folio_unlock(folio);
+		folio_put(folio);
+		return 0;
+	}
+}
 ...
 if (!(src_pfn & MIGRATE_PFN_MIGRATE))
-	return -EBUSY;
+{
+	ret = -EBUSY;
+	goto out;
+}
 ...
-if (src_pfn & MIGRATE_PFN_MIGRATE)
-	return 0;
-return -EBUSY;
+ret = src_pfn & MIGRATE_PFN_MIGRATE ? 0 : -EBUSY;
+out:
+if (anon_vma)
+	put_anon_vma(anon_vma);
+return ret;
 }
