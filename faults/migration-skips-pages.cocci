// SPDX-License-Identifier: GPL-2.0
// breaks: migrate_vma_pages() does nothing and reports each page as migrated
// claim: S2
// rule: migration-is-the-way-in kernel-survives
// file: mm/migrate_device.c
// resembles: nothing known
// tests: driver.takes-pages coherent.rw.cpu-read
// seen: check crash splat hang vm
@@
identifier f = {migrate_vma_pages};
@@
 f(...)
 {
-	__migrate_device_pages(...);
 }
