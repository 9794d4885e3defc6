// SPDX-License-Identifier: GPL-2.0
// breaks: a long-term pin moves the page without its bytes
// claim: S7
// rule: longterm-leaves-device
// file: mm/migrate_device.c
// tests: coherent.rw.longterm-slow-read coherent.rw.ring-register fixed-buffers.coherent-rw.registration
@@
identifier f =~ "^migrate_device_coherent_(page|folio)$";
@@
 f(...)
 {
 <...
(
-	copy_highpage(...);
+	;
|
-	folio_copy(...);
+	;
)
 ...>
 }
