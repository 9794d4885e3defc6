// SPDX-License-Identifier: GPL-2.0
// breaks: migration to a device selects pages that are already on a device
// claim: S2
// rule: only-from-system nothing-else-changes
// file: mm/migrate_device.c
// resembles: nothing known
// tests: remote.rw.migrate-back remote.ro.migrate-back
@@
identifier f = {migrate_vma_collect_pmd};
expression E;
@@
 f(...)
 {
 <...
(
-is_device_coherent_page(E)
+0
|
-folio_is_device_coherent(E)
+0
)
 ...>
 }
