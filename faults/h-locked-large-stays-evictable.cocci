// SPDX-License-Identifier: GPL-2.0
// breaks: reclaim that meets a large folio of locked memory, mapped by small entries, does not take it out of its lists
// claim: S3
// rule: mappings-are-counted
// file: mm/rmap.c
// history: mm/rmap: mlock large folios in try_to_unmap_one() (commit not seen)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: mlock.*
@@
identifier f = {try_to_unmap_one};
symbol pvmw, folio, vma;
@@
 f(...)
 {
 <...
-mlock_vma_folio(folio, vma);
+if (!pvmw.pte)
+	mlock_vma_folio(folio, vma);
 ...>
 }
