// SPDX-License-Identifier: GPL-2.0
// breaks: a device gets exclusive access to a page of a file
// claim: S2
// rule: only-anonymous
// file: mm/rmap.c
// resembles: nothing known
// tests: exclusive-meets.*.of-a-file
@@
identifier f = {make_device_exclusive, folio_make_device_exclusive};
symbol folio;
@@
 f(...)
 {
 <...
-!folio_test_anon(folio)
+false
 ...>
 }
