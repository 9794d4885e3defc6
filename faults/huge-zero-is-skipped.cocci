// SPDX-License-Identifier: GPL-2.0
// breaks: migration leaves out memory that maps the huge zero page
// claim: S2
// rule: huge-is-split
// file: mm/migrate_device.c
// resembles: nothing known
// tests: huge.*.zero-page
@@
identifier f = {migrate_vma_collect_huge_pmd};
expression P;
expression a, b, d, w;
@@
 f(...)
 {
 <...
 if (is_huge_zero_folio(...)) {
 	spin_unlock(P);
-	return migrate_vma_collect_hole(a, b, d, w);
+	return migrate_vma_collect_skip(a, b, w);
 }
 ...>
 }
