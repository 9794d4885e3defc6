// SPDX-License-Identifier: GPL-2.0
// fixes: a migration back that gets no memory for a page finishes the pages before it
// finding: back-without-memory
// kernels: 7.3
// file: lib/test_hmm.c
// tests: destructive.back-without-memory
@@
identifier f = dmirror_migrate_to_system;
expression args;
@@
 f(...)
 {
 <...
 if (dmirror_devmem_fault_alloc_and_copy(args, ...)) {
+	migrate_vma_pages(args);
 	migrate_vma_finalize(args);
 	...
 }
 ...>
 }
