// SPDX-License-Identifier: GPL-2.0
// breaks: migration to a device does not look for references beyond the mappings
// claim: S7
// rule: pinned-stays
// file: mm/migrate_device.c
// tests: fixed-buffers.coherent-rw.unregistering-frees-them
@@
identifier f = migrate_vma_check_page;
@@
 f(...)
 {
+	return true;
 	...
 }
