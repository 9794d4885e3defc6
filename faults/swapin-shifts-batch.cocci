// SPDX-License-Identifier: GPL-2.0
// breaks: swapping in a large page at once maps its pages from the one that was accessed on
// claim: S2
// rule: swap-keeps
// file: mm/memory.c
// resembles: nothing known
// tests: *
@@
identifier f = {do_swap_page};
identifier page, folio;
@@
 f(...)
 {
 <...
-page = &folio->page;
 ...>
 }
