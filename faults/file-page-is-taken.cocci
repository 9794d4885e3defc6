// SPDX-License-Identifier: GPL-2.0
// breaks: migration to a device migrates pages of files and of shared memory
// claim: S2
// rule: only-anonymous
// file: mm/migrate_device.c
// resembles: nothing known
// tests: devices.coherent-rw.shared-memory-refused devices.coherent-rw.private-file-mapping
@@
identifier f = {migrate_vma_pages, __migrate_device_pages};
symbol mapping, page, folio;
@@
 f(...)
 {
 <...
(
-if (mapping)
+if (mapping && PageAnon(page))
 {
 ...
 continue;
 }
|
-!folio_test_anon(folio) || !folio_free_swap(folio)
+folio_test_anon(folio) && !folio_free_swap(folio)
)
 ...>
 }
