// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() takes an address inside of a hugetlb page
// claim: S2
// rule: remapped
// file: mm/mremap.c
// history: mm/hugetlb: fix kernel crash with hugetlb mremap (db110a99d365)
// source: Debian's changelog of linux 6.1.187, stable update
// kernels: 6.1 7.3
// tests: hugetlb-watched.*.moved-across-tables
@@
expression h, vrm;
statement S;
@@
-if (vrm->addr & ~huge_page_mask(h)) S

@@
identifier addr;
expression h;
statement S;
@@
-if (addr & ~huge_page_mask(h)) S
