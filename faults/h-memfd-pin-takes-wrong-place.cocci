// SPDX-License-Identifier: GPL-2.0
// breaks: a pin of a hole of a hugetlb memfd fills another place of the file and does not end
// claim: S2
// rule: legal-calls-work
// file: mm/memfd.c
// history: mm/gup: fix memfd_pin_folios hugetlb page allocation (9289f020da47)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: dma-buf.system.of-hugetlb
@@
identifier f = {memfd_alloc_folio};
identifier idx, h;
@@
 f(...)
 {
 <...
-idx >>= huge_page_order(h);
 ...>
 }
