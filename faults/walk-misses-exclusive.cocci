// SPDX-License-Identifier: GPL-2.0
// breaks: the reverse map does not find the entry of a page that a device has exclusively
// claim: S1
// rule: device-exclusive
// file: mm/page_vma_mapped.c
// resembles: nothing known
// tests: exclusive-meets.system.soft-offlined
@@
identifier f = {check_pte};
symbol entry;
@@
 f(...)
 {
 <...
-if (!softleaf_is_device_private(entry) && !softleaf_is_device_exclusive(entry))
+if (!softleaf_is_device_private(entry))
 	return false;
 ...>
 }
