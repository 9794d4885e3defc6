// SPDX-License-Identifier: GPL-2.0
// breaks: PAGEMAP_SCAN reports adjoining pages of different categories as one range
// claim: S1
// rule: reported-by-state
// file: fs/proc/task_mmu.c
// resembles: nothing known
// tests: page-runs.*.scanned
@@
expression a, b, c, d;
@@
 pagemap_scan_push_range(...)
 {
 <...
-a == b && c == d
+a == b
 ...>
 }
