// SPDX-License-Identifier: GPL-2.0
// breaks: a long-term R/O pin of a private file mapping pins the page of the page cache
// claim: S7
// rule: pin-unshares
// file: mm/gup.c
// history: mm/gup: reliable R/O long-term pinning in COW mappings (84209e87c696)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: *
@@
identifier f = {follow_page_pte, gup_fast_pte_range};
expression E, flags, page;
@@
 f(...)
 {
 <...
-gup_must_unshare(E, flags, page)
+(PageAnon(page) && gup_must_unshare(E, flags, page))
 ...>
 }
