// SPDX-License-Identifier: GPL-2.0
// breaks: a hugetlb page that a pin of a memfd allocates stays reserved, too
// claim: S7
// rule: page-counters-balance
// file: mm/hugetlb.c
// history: mm/hugetlb: fix memfd_pin_folios resv_huge_pages leak (26a8ea80929c)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: coherent.*
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
