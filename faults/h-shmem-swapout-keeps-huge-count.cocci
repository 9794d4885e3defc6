// SPDX-License-Identifier: GPL-2.0
// breaks: ShmemHugePages stays too high after a huge page of shared memory is swapped out
// claim: S3
// rule: counted-as-memory
// file: mm/shmem.c
// history: mm: shmem: fix ShmemHugePages at swapout (dad2dc9c92e0)
// source: Debian's changelog of linux 6.12.95, stable update
// kernels: 7.3
// tests: *
@@
identifier f = {shmem_delete_from_page_cache};
expression folio, nr;
@@
 f(...)
 {
 <...
-shmem_update_stats(folio, -nr);
+lruvec_stat_mod_folio(folio, NR_FILE_PAGES, -nr);
+lruvec_stat_mod_folio(folio, NR_SHMEM, -nr);
 ...>
 }
