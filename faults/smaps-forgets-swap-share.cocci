// SPDX-License-Identifier: GPL-2.0
// breaks: SwapPss counts a page that is swapped out and shared as if it were not shared
// claim: S6
// rule: reported-by-state
// file: fs/proc/task_mmu.c
// resembles: nothing known
// tests: page-reports.swapped-forked.smaps
@@
identifier f = {smaps_pte_entry, smaps_pte_range};
symbol mapcount;
@@
 f(...)
 {
 <...
-mapcount >= 2
+mapcount > 2
 ...>
 }
