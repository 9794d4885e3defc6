// SPDX-License-Identifier: GPL-2.0
// breaks: the reverse map does not find a page that UFFDIO_MOVE moved
// claim: S2
// rule: moved-by-mapping
// file: mm/userfaultfd.c
// resembles: nothing known
// tests: tracking.*.uffd-move uffd-move.*.found-by-frame
@@
identifier f = {move_present_ptes,move_present_pte};
expression E;
@@
 f(...)
 {
 <...
-E->index = linear_anon_page_index(...);
+;
 ...>
 }
