// SPDX-License-Identifier: GPL-2.0
// breaks: a page that migrated to a coherent device has one reference more than mappings
// claim: S4
// rule: freed-to-the-driver last-sharer-reuses
// file: mm/migrate_device.c
// resembles: the reference count offset that ef233450898f (mm: free device private pages have zero refcount) removed
// tests: refcount.coherent-rw.* coherent.cow-left.cpu-write
// quick: make check runs this fault for its claim
@@
identifier f = {migrate_device_finalize, __migrate_device_finalize};
symbol src, dst;
@@
 f(...)
 {
 <...
 if (dst != src) {
 	...
-	folio_put(dst);
+	if (!folio_is_device_coherent(dst))
+		folio_put(dst);
 }
 ...>
 }
