// SPDX-License-Identifier: GPL-2.0
// fixes: NR_HUGETLB counts a huge page that is the target of a migration, or of memfd_pin_folios()
// finding: hugetlb-moves-uncounted
// kernels: 7.3
// file: mm/hugetlb.c
@@
identifier f = {alloc_hugetlb_folio_nodemask};
identifier h;
symbol folio;
expression list targets;
@@
 struct folio *f(struct hstate *h, ...)
 {
 <...
(
-return folio;
+{
+	lruvec_stat_mod_folio(folio, NR_HUGETLB, pages_per_huge_page(h));
+	return folio;
+}
|
-return alloc_migrate_hugetlb_folio(targets);
+{
+	struct folio *fresh = alloc_migrate_hugetlb_folio(targets);
+
+	if (fresh)
+		lruvec_stat_mod_folio(fresh, NR_HUGETLB, pages_per_huge_page(h));
+	return fresh;
+}
)
 ...>
 }

@@
identifier f = {alloc_hugetlb_folio_reserve};
identifier h;
symbol folio;
@@
 struct folio *f(struct hstate *h, ...)
 {
 <...
-if (folio)
+if (folio) {
+	lruvec_stat_mod_folio(folio, NR_HUGETLB, pages_per_huge_page(h));
 	h->resv_huge_pages--;
+}
 ...>
 }
