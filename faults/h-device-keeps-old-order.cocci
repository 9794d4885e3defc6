// SPDX-License-Identifier: GPL-2.0
// breaks: a small page on the private device that was a part of a huge one has the state of that
// claim: S2
// rule: migration-is-the-way-in
// file: mm/memremap.c
// history: mm/zone_device: reinitialize large zone device private folios (commit not seen)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: *
@@
symbol new_page;
expression E;
@@
-new_page->flags.f &= E;
+;
@@
identifier f = {zone_device_page_init};
identifier new_page;
@@
 f(...)
 {
 <...
-((struct folio *)(new_page - 1))->_nr_pages = 0;
 ...>
 }
