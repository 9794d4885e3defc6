// SPDX-License-Identifier: GPL-2.0
// breaks: a write fault reuses a page that one process maps although others hold references
// claim: S5
// rule: shared-is-copied
// file: mm/memory.c
// resembles: 09854ba94c6a (mm: do_wp_page() simplification) reverted; CVE-2020-29374
// tests: fork.coherent-rw.held-reference-forces-copy
@@
identifier f = {do_wp_page, wp_can_reuse_anon_folio};
expression folio;
@@
 f(...)
 {
 <...
-folio_ref_count(folio)
+folio_mapcount(folio)
 ...>
 }
