// SPDX-License-Identifier: GPL-2.0
// breaks: PAGEMAP_SCAN reports more pages than max_pages
// claim: S1
// rule: reported-by-state scan-finds-writes
// file: fs/proc/task_mmu.c
// resembles: nothing known
// tests: page-reports.coherent.scan trackers.coherent.collected

@@
expression E;
@@
 pagemap_scan_output(...)
 {
 <...
- total_pages > E
+ total_pages > E + 1
 ...>
 }
