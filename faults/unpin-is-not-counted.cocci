// SPDX-License-Identifier: GPL-2.0
// breaks: unpinning a page on a device is not counted in /proc/vmstat
// claim: S7
// rule: pin-ends-with-holder
// file: mm/gup.c
// resembles: nothing known
// tests: coherent.rw.pin-slow-read
@@
identifier f = {gup_put_folio};
expression A, B;
@@
 f(...)
 {
 <...
-node_stat_mod_folio(A, NR_FOLL_PIN_RELEASED, B);
+if (!folio_is_device_coherent(A))
+	node_stat_mod_folio(A, NR_FOLL_PIN_RELEASED, B);
 ...>
 }
