// SPDX-License-Identifier: GPL-2.0
// breaks: FALLOC_FL_PUNCH_HOLE only unmaps the pages of shared memory, which keep their bytes
// claim: S3
// rule: end-of-file
// file: mm/shmem.c
// resembles: nothing known
// tests: monitor-shared.removed
@@
identifier f = {shmem_fallocate};
@@
 f(...)
 {
 <...
-shmem_truncate_range(...);
 ...>
 }
