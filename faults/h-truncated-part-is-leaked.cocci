// SPDX-License-Identifier: GPL-2.0
// breaks: truncation of a huge page of shared memory does not free its pages behind the end of the file
// claim: S3
// rule: end-of-file
// file: mm/huge_memory.c
// history: mm/huge_memory: drop beyond-EOF folios with the right number of refs (14efb4793519)
// source: Debian's changelog of linux 6.12.95, stable update
// kernels: 7.3
// tests: huge-shared.huge.cut
@@
identifier f = {__folio_freeze_and_split_unmapped};
identifier new_folio, nr_pages;
@@
 f(...)
 {
 <...
-folio_put_refs(new_folio, nr_pages);
+folio_put(new_folio);
 ...>
 }
