// SPDX-License-Identifier: GPL-2.0
// breaks: VmRSS and statm leave out pages that each processor has counted for itself
// claim: S3
// rule: accounts-return
// file: fs/proc/task_mmu.c
// history: mm: fix the inaccurate memory statistics issue for users (82241a83cd15)
// source: Debian's changelog of linux 6.12.95, stable update
// kernels: 7.3
// tests: driver.takes-pages
@@
identifier f = {task_mem, task_statm};
@@
 f(...)
 {
 <...
-get_mm_counter_sum
+get_mm_counter
 (...)
 ...>
 }
