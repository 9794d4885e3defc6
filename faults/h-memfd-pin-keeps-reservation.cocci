// SPDX-License-Identifier: GPL-2.0
// breaks: a hugetlb page that a pin of a memfd allocates stays reserved, too
// claim: S8
// rule: memfd-is-pinned
// file: mm/hugetlb.c
// history: mm/hugetlb: fix memfd_pin_folios resv_huge_pages leak (26a8ea80929c)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: dma-buf.*.of-hugetlb
@@
identifier f = {alloc_hugetlb_folio_reserve};
identifier folio, h;
@@
 f(...)
 {
 <...
-if (folio)
-	h->resv_huge_pages--;
 ...>
 }
