// SPDX-License-Identifier: GPL-2.0
// breaks: /proc/PID/pagemap shows a page on a device as not present
// claim: S1
// rule: observers-agree migration-is-the-way-in
// file: fs/proc/task_mmu.c
// resembles: nothing known
// tests: coherent.rw.cpu-read coherent.cow-shared.cpu-write zap.coherent-rw.munmap
@@
identifier f = {pte_to_pagemap_entry};
symbol pte, frame, flags;
@@
 f(...)
 {
 <...
-flags |= PM_PRESENT;
+if (is_device_coherent_page(pte_page(pte)))
+	frame = 0;
+else
+	flags |= PM_PRESENT;
 ...>
 }
