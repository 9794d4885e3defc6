// SPDX-License-Identifier: GPL-2.0
// breaks: memfd_pin_folios() pins pages where they are
// claim: S8
// rule: memfd-is-pinned
// file: mm/gup.c
// resembles: nothing known
// tests: dma-buf.movable.pinned
@@
identifier f = memfd_pin_folios;
expression ret;
@@
 f(...)
 {
 <...
-ret = check_and_migrate_movable_folios(...);
+ret = 0;
 ...>
 }
