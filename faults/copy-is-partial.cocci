// SPDX-License-Identifier: GPL-2.0
// breaks: a long-term pin moves the page without copying its last bytes
// claim: S7
// rule: longterm-leaves-device nothing-else-changes
// file: mm/migrate_device.c
// resembles: nothing known
// tests: coherent.rw.longterm-slow-read coherent.rw.ring-register
@@
identifier f = {migrate_device_coherent_page, migrate_device_coherent_folio};
expression A, B;
@@
 f(...)
 {
 <...
(
-	copy_highpage(A, B);
+	clear_highpage(A);
+	memcpy(page_address(A), page_address(B), PAGE_SIZE - 64);
|
-	folio_copy(A, B);
+	clear_highpage(&A->page);
+	memcpy(folio_address(A), folio_address(B), PAGE_SIZE - 64);
)
 ...>
 }
