// SPDX-License-Identifier: GPL-2.0
// breaks: unpinning a coherent page leaves a reference
// claim: S4 S7
// rule: freed-to-the-driver
// file: mm/gup.c
// resembles: nothing known
// tests: coherent.rw.pin-fast-read coherent.rw.vm-read refcount.coherent-rw.*
@@
identifier f = {gup_put_folio};
symbol folio;
expression refs;
@@
 f(...)
 {
 <...
-folio_put_refs(folio, refs);
+folio_put_refs(folio, folio_is_device_coherent(folio) && refs > 1 ? refs - 1 : refs);
 ...>
 }
