// SPDX-License-Identifier: GPL-2.0
// breaks: clear_refs does not flush the translations, which stay writable
// claim: S5
// rule: writes-are-tracked
// file: fs/proc/task_mmu.c
// resembles: nothing known
// tests: next-access.*.store-after-clear-refs

@@
@@
 clear_refs_write(...)
 {
 <...
- flush_tlb_mm(mm);
 ...>
 }
