// SPDX-License-Identifier: GPL-2.0
// fixes: reclaim clears the access bit of entries that are present only
// finding: exclusive-entry-aged
// kernels: 7.3
// file: mm/rmap.c
// tests: destructive.exclusive-page-reclaimed
//
// An entry of exclusive access is not present, and is found since it counts as mapped (6.15).
@@
@@
 folio_referenced_one(...)
 {
 <...
+if (pvmw.pte && !pte_present(ptep_get(pvmw.pte))) {
+	ptes++;
+	pra->mapcount--;
+	continue;
+}
 if (pvmw.pte && folio_test_large(folio)) { ... }
 ...>
 }
