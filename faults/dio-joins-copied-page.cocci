// SPDX-License-Identifier: GPL-2.0
// breaks: direct I/O takes a large page as a whole of which a page in the middle was replaced by a copy
// claim: S7
// rule: bytes-arrive
// file: lib/iov_iter.c
// resembles: nothing known
// tests: large.*.written-directly
@@
identifier f = {get_contig_folio_len};
statement S;
identifier folio;
@@
 f(...)
 {
 <...
-if (page_folio(...) != folio || ...) S
 ...>
 }
