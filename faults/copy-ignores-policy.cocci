// SPDX-License-Identifier: GPL-2.0
// breaks: the copy of a shared page is allocated on node 0, whatever the memory policy is
// claim: S5
// rule: copy-by-policy
// file: mm/memory.c
// resembles: nothing known
// tests: numa.coherent-*.copy-by-task
@@
identifier f = {wp_page_copy};
expression gfp, vma, addr;
@@
 f(...)
 {
 <...
-alloc_page_vma(gfp, vma, addr)
+alloc_pages_node(0, gfp, 0)
 ...>
 }
@@
identifier f = {folio_prealloc};
expression gfp, vma, addr;
@@
 f(...)
 {
 <...
-vma_alloc_folio(gfp, 0, vma, addr)
+__folio_alloc_node(gfp, 0, 0)
 ...>
 }
