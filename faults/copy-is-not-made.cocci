// SPDX-License-Identifier: GPL-2.0
// breaks: a long-term pin moves the page without copying its bytes
// claim: S7
// rule: longterm-leaves-device
// file: mm/migrate_device.c
// resembles: nothing known
// tests: coherent.rw.longterm-slow-read coherent.rw.ring-register fixed-buffers.coherent-rw.registration
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
|
-	folio_copy(A, B);
+	clear_highpage(&A->page);
)
 ...>
 }
