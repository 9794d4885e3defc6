// SPDX-License-Identifier: GPL-2.0
// breaks: a huge page of shared memory is mapped as a whole only if its first page is accessed first
// claim: S2
// rule: nothing-else-changes
// file: mm/memory.c
// history: mm/memory: don't require head page for do_set_pmd() (ab1ffc86cb5b)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: huge-shared.huge.entered-in-the-middle
@@
identifier f = {do_set_pmd};
symbol folio, page, ret;
@@
 f(...)
 {
 <...
+if (page != &folio->page)
+	return ret;
 page = &folio->page;
 ...>
 }
