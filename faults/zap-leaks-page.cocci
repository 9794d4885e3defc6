// SPDX-License-Identifier: GPL-2.0
// breaks: the last unmap of a device page does not return it to the driver
// claim: S3
// rule: freed-to-the-driver
// file: mm/memremap.c
// resembles: nothing known
// tests: coherent.rw.cpu-read coherent.ro.cpu-write
// quick: make check runs this fault for its claim
@@
identifier f = {free_zone_device_page, free_zone_device_folio};
expression E, G;
@@
 f(...)
 {
 <...
(
-E->page_free(G);
+;
|
-E->folio_free(G);
+;
)
 ...>
 }
