// SPDX-License-Identifier: GPL-2.0
// breaks: a page of zeros that was only read is not replaced by a page on the device
// claim: S2
// rule: migration-is-the-way-in
// file: mm/migrate_device.c
// resembles: nothing known
// tests: tracking.*.zero-page
@@
identifier f = {migrate_vma_collect_pmd};
symbol pfn;
@@
 f(...)
 {
 <...
-is_zero_pfn(pfn)
+0
 ...>
 }
