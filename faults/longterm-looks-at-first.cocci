// SPDX-License-Identifier: GPL-2.0
// breaks: a long-term pin of several pages stops its check at the first page that may stay
// claim: S7
// rule: longterm-leaves-device
// file: mm/gup.c
// resembles: nothing known
// tests: coherent.rw.ring-register.hole-first coherent.rw.longterm-slow-*.placed-last coherent.rw.longterm-fast-write.hole-first
@@
identifier f = {collect_longterm_unpinnable_pages, collect_longterm_unpinnable_folios};
expression E;
@@
 f(...)
 {
 <...
 if (folio_is_longterm_pinnable(E))
-	continue;
+	break;
 ...>
 }
