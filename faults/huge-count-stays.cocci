// SPDX-License-Identifier: GPL-2.0
// breaks: AnonHugePages does not fall when the mapping of a huge page is removed or split
// claim: S6
// rule: accounts-return
// file: mm/rmap.c
// resembles: nothing known
// tests: huge-held.*
@@
identifier f = {__folio_remove_rmap};
symbol folio, nr, nr_pmdmapped;
@@
 f(...)
 {
 <...
-__folio_mod_stat(folio, -nr, -nr_pmdmapped);
+__folio_mod_stat(folio, -nr, folio_test_anon(folio) ? 0 : -nr_pmdmapped);
 ...>
 }
