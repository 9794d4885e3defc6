// SPDX-License-Identifier: GPL-2.0
// breaks: the driver allocates pages for migration back on node 0, whatever the memory policy is
// claim: S2
// rule: back-by-policy
// file: lib/test_hmm.c
// resembles: nothing known
// tests: numa.coherent-rw.back-by-task
@@
identifier f = {dmirror_devmem_fault_alloc_and_copy};
expression gfp, vma, addr;
@@
 f(...)
 {
 <...
-alloc_page_vma(gfp, vma, addr)
+alloc_pages_node(0, gfp, 0)
 ...>
 }
