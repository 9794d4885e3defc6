// SPDX-License-Identifier: GPL-2.0
// breaks: a CPU access to a part of a huge private page leaves a reference to it
// claim: S4
// rule: freed-to-the-driver
// file: mm/migrate_device.c
// history: mm/migrate_device: fix the reference of a folio that a fault splits (commit not seen)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: huge-private.*
@@
identifier f = {migrate_vma_collect_pmd};
symbol folio, fault_folio;
@@
 f(...)
 {
 <...
-if (folio != fault_folio)
 	folio_get(folio);
 ...>
 }
