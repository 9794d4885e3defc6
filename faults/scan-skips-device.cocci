// SPDX-License-Identifier: GPL-2.0
// breaks: PAGEMAP_SCAN does not protect pages on a device
// claim: S5
// rule: scan-finds-writes
// file: fs/proc/task_mmu.c
// resembles: nothing known
// tests: trackers.coherent.*
@@
identifier f = {make_uffd_wp_pte};
symbol ptent;
@@
 f(...)
 {
+if (pte_present(ptent) && is_device_coherent_page(pte_page(ptent)))
+	return;
 ...
 }
