// SPDX-License-Identifier: GPL-2.0
// breaks: migration loses the dirty bit of a page
// claim: S2
// rule: migration-is-the-way-in counted-as-memory
// file: mm/migrate_device.c
// resembles: fd35ca3d12cc (mm/migrate_device.c: copy pte dirty bit to page) reverted
// tests: tracking.coherent-rw.smaps-counts
@@
identifier f = {migrate_vma_collect_pmd};
identifier folio;
@@
 f(...)
 {
 <...
-folio_mark_dirty(folio)
+folio_clear_dirty(folio)
 ...>
 }
