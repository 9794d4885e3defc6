// SPDX-License-Identifier: GPL-2.0
// breaks: smaps counts a locked page that several map as a whole in Locked
// claim: S1
// rule: reported-by-state
// file: fs/proc/task_mmu.c
// resembles: nothing known
// tests: page-reports.locked-forked.smaps
@@
expression mss;
@@
 smaps_page_accumulate(...)
 {
 <...
-mss->pss_locked += pss;
+mss->pss_locked += size << PSS_SHIFT;
 ...>
 }
