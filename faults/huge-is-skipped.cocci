// SPDX-License-Identifier: GPL-2.0
// breaks: migration to a device skips huge pages
// claim: S2
// rule: huge-is-split
// file: mm/migrate_device.c
// resembles: nothing known
// tests: huge.coherent-rw.part huge.coherent-rw.held
@@
identifier f = {migrate_vma_collect_pmd, migrate_vma_collect_huge_pmd};
expression E;
@@
 f(...)
 {
 <...
(
-split_huge_page(E)
+(-EAGAIN)
|
-split_folio(E)
+(-EAGAIN)
)
 ...>
 }
