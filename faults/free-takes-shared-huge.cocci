// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_FREE frees a huge page that another process maps too
// claim: S3
// rule: nothing-else-changes
// file: mm/huge_memory.c
// resembles: nothing known
// tests: huge-held.huge.freed-while-shared
@@
identifier f = {madvise_free_huge_pmd};
symbol folio;
@@
 f(...)
 {
 <...
-if (folio_maybe_mapped_shared(folio))
-	goto out;
 ...>
 }
