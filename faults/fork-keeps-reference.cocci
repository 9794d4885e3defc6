// SPDX-License-Identifier: GPL-2.0
// breaks: fork takes two references to a coherent page for one new mapping
// claim: S4
// rule: last-sharer-reuses freed-to-the-driver
// file: mm/memory.c
// resembles: nothing known
// tests: refcount.coherent-rw.* fork.coherent-rw.parent-writes-after-exit coherent.cow-left.cpu-write
@@
identifier f = {copy_present_pte};
symbol page;
@@
 f(...)
 {
 <...
 get_page(page);
+if (is_device_coherent_page(page))
+	get_page(page);
 ...>
 }
@@
identifier f = {copy_present_ptes};
symbol folio;
@@
 f(...)
 {
 <...
-folio_get(folio);
+folio_ref_add(folio, folio_is_device_coherent(folio) ? 2 : 1);
 ...>
 }
