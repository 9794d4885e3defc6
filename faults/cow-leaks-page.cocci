// SPDX-License-Identifier: GPL-2.0
// breaks: a write fault that copies a coherent page keeps a reference to the old one
// claim: S3 S4
// rule: freed-to-the-driver
// file: mm/memory.c
// resembles: nothing known
// tests: coherent.cow-shared.cpu-write coherent.cow-shared.dio-read
@@
identifier f = {wp_page_copy};
identifier x, y;
expression E, G;
@@
 f(...)
 {
 <...
(
-page_remove_rmap(x, G, E);
+if (is_device_coherent_page(x))
+	get_page(x);
+page_remove_rmap(x, G, E);
|
-folio_remove_rmap_pte(x, E, G);
+if (folio_is_device_coherent(x))
+	folio_get(x);
+folio_remove_rmap_pte(x, E, G);
)
 ...>
 }
