// SPDX-License-Identifier: GPL-2.0
// breaks: unmapping a device-private page keeps a reference
// claim: S3
// rule: freed-to-the-driver
// file: mm/memory.c
// resembles: nothing known
// tests: zap.private-rw.munmap
@@
identifier f = zap_pte_range;
identifier page;
@@
 f(...)
 {
 <...
-put_page(page);
+;
 ...>
 }
@@
identifier f = {zap_pte_range, zap_nonpresent_ptes};
identifier folio;
@@
 f(...)
 {
 <...
-folio_put(folio);
+;
 ...>
 }
