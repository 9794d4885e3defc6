// SPDX-License-Identifier: GPL-2.0
// breaks: migration fills holes of a mapping whose missing pages a userfaultfd provides
// claim: S2
// rule: monitor-fills
// file: mm/migrate_device.c
// resembles: nothing known
// tests: tracking.*.uffd-missing
@@
identifier f = {migrate_vma_insert_page, migrate_vma_insert_huge_pmd_page};
expression V;
@@
 f(...)
 {
 <...
-userfaultfd_missing(V)
+false
 ...>
 }
