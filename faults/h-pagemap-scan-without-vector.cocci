// SPDX-License-Identifier: GPL-2.0
// breaks: the length of a buffer that does not exist is corrected
// claim: S2
// rule: kernel-survives
// file: fs/proc/task_mmu.c
// history: fs/proc/task_mmu: check p->vec_buf for NULL (28aa29986dde)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: pagemap.*.scan-protects-part
// seen: check crash splat
@@
identifier f = {pagemap_scan_backout_range};
expression p;
@@
 f(...)
 {
 <...
-if (!p->vec_buf)
-	return;
 ...>
 }
