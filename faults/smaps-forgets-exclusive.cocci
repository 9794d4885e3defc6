// SPDX-License-Identifier: GPL-2.0
// breaks: smaps does not count a page that a device has exclusively
// claim: S1
// rule: reported-by-state
// file: fs/proc/task_mmu.c
// resembles: nothing known
// tests: page-reports.exclusive.smaps
@@
identifier f = {smaps_pte_entry};
symbol entry, swpent;
@@
 f(...)
 {
 <...
(
-softleaf_has_pfn(entry)
+softleaf_is_device_private(entry)
|
-is_pfn_swap_entry(swpent)
+is_device_private_entry(swpent)
)
 ...>
 }
