// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_CONTINUE fails for memory of a file that fallocate() has allocated and that was not written
// claim: S2
// rule: filled-as-asked
// file: mm/shmem.c
// history: mm: userfaultfd: fix UFFDIO_CONTINUE on fallocated shmem pages (73f37dbcfe17)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 6.1 7.3
// tests: uffd-fill.*.continued-allocated
@@
identifier f = {shmem_get_folio_gfp};
identifier sgp;
@@
 f(...)
 {
 <...
-if (sgp != SGP_READ)
+if (sgp != SGP_READ && sgp != SGP_NOALLOC)
 	goto clear;
 ...>
 }
