// SPDX-License-Identifier: GPL-2.0
// breaks: migration fills the holes of a private file mapping with empty pages
// claim: S2
// rule: only-anonymous
// file: mm/migrate_device.c
// resembles: nothing known
// tests: file-pages.coherent-*.hole-is-not-filled file-pages.private-*.hole-is-not-filled
@@
identifier f = {migrate_vma_collect_hole, migrate_vma_collect_pmd, migrate_vma_insert_page};
@@
 f(...)
 {
 <...
-vma_is_anonymous(...)
+true
 ...>
 }
