// SPDX-License-Identifier: GPL-2.0
// breaks: migration to a device takes pages of another device, and the driver does not check for
// breaks: this
// claim: S2
// rule: only-from-system
// file: mm/migrate_device.c lib/test_hmm.c
// resembles: nothing known
// tests: coherent.rw.migrate-away devices.coherent-rw.two-devices-one-page
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
@@
identifier f = {dmirror_migrate_alloc_and_copy};
expression page;
@@
 f(...)
 {
 <...
-is_zone_device_page(page)
+0
 ...>
 }
