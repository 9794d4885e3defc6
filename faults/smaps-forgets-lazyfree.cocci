// SPDX-License-Identifier: GPL-2.0
// breaks: smaps does not count pages after MADV_FREE in LazyFree
// claim: S1
// rule: reported-by-state
// file: fs/proc/task_mmu.c
// resembles: nothing known
// tests: page-reports.freeable.smaps
@@
identifier f = {smaps_account};
identifier mss, size;
@@
 f(...)
 {
 <...
-mss->lazyfree += size;
+;
 ...>
 }
