// SPDX-License-Identifier: GPL-2.0
// breaks: the last unmap of a device page does not give it back to the driver
// claim: S3
// rule: freed-to-the-driver
// file: mm/memremap.c
// tests: coherent.rw.cpu-read coherent.ro.cpu-write
@@
identifier f =~ "^free_zone_device_(page|folio)$";
expression page, ops;
@@
 f(...)
 {
 <...
-	ops->page_free(page);
+	;
 ...>
 }
