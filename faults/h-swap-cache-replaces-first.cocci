// SPDX-License-Identifier: GPL-2.0
// breaks: migration of a huge page in the swap cache replaces only its first entry
// claim: S2
// rule: swap-cache swap-keeps
// file: mm/swap_state.c
// history: mm: migrate high-order folios in swap cache correctly (fc346d0a70a1)
// source: Debian's changelog of linux 6.1.187, stable update
// kernels: 7.3
// tests: *
// seen: check splat crash hang
@@
identifier f = {__swap_cache_replace_folio};
identifier nr_pages;
@@
 f(...)
 {
 <...
-unsigned long nr_pages = folio_nr_pages(new);
+unsigned long nr_pages = folio_order(old) == folio_order(new) ? 1 : folio_nr_pages(new);
 ...>
 }
