// SPDX-License-Identifier: GPL-2.0
// breaks: a page that is migrated off a device is not returned to the driver
// claim: S3
// rule: freed-to-the-driver
// file: mm/migrate_device.c
// resembles: nothing known
// tests: coherent.rw.migrate-back coherent.rw.longterm-slow-read
@@
identifier f = {migrate_device_finalize, __migrate_device_finalize};
symbol src, dst;
@@
 f(...)
 {
 <...
-folio_put(src);
+if (dst == src || !folio_is_device_coherent(src))
+	folio_put(src);
 ...>
 }
