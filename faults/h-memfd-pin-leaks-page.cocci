// SPDX-License-Identifier: GPL-2.0
// breaks: the page that a pin of a memfd allocates for a hole keeps a reference for ever
// claim: S7
// rule: memfd-is-pinned
// file: mm/gup.c
// history: mm/hugetlb: fix memfd_pin_folios free_huge_pages leak (c56b6f3d801d)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: dma-buf.system.of-a-hole
@@
identifier f = {memfd_pin_folios};
symbol folio;
@@
 f(...)
 {
 <...
-folio_put(folio);
 folio = NULL;
 ...>
 }
