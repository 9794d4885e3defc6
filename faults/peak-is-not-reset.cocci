// SPDX-License-Identifier: GPL-2.0
// breaks: writing 5 to clear_refs does not reset VmHWM
// claim: S1
// rule: reported-by-state
// file: fs/proc/task_mmu.c
// resembles: nothing known
// tests: accounts.*.peak
@@
identifier f = {clear_refs_write};
@@
 f(...)
 {
 <...
-reset_mm_hiwater_rss(...);
 ...>
 }
