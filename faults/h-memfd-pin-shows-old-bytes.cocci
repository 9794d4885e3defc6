// SPDX-License-Identifier: GPL-2.0
// breaks: a hugetlb page that a pin of a memfd allocates contains what its last user wrote
// claim: S8
// rule: memfd-is-pinned
// file: mm/memfd.c
// history: mm/memfd: fix information leak in hugetlb folios (de8798965fd0)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: dma-buf.*.of-hugetlb
@@
identifier f = {memfd_alloc_folio};
expression E;
@@
 f(...)
 {
 <...
-folio_zero_user(E, 0);
+;
 ...>
 }
