// SPDX-License-Identifier: GPL-2.0
// breaks: move_pages() reports a node for the zero page
// claim: S1
// rule: reported-by-state
// file: mm/migrate.c
// resembles: nothing known
// tests: page-reports.zero-page.node
@@
identifier f = {do_pages_stat_array};
symbol folio;
@@
 f(...)
 {
 <...
-is_zero_folio(folio)
+false
 ...>
 }
