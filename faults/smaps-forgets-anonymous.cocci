// SPDX-License-Identifier: GPL-2.0
// breaks: smaps does not count a page on a device as anonymous
// claim: S1
// rule: reported-by-state
// file: fs/proc/task_mmu.c
// resembles: nothing known
// tests: page-reports.coherent.smaps tracking.coherent-rw.smaps-counts

@@
expression E;
@@
 smaps_account(...)
 {
 <...
- if (folio_test_anon(E)) {
+ if (folio_test_anon(E) && !folio_is_zone_device(E)) {
 ...
 }
 ...>
 }
