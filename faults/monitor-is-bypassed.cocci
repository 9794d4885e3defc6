// SPDX-License-Identifier: GPL-2.0
// breaks: migration to a device fills missing pages of a range that is registered with userfaultfd
// claim: S2
// rule: monitor-fills
// file: mm/migrate_device.c
// resembles: nothing known
// tests: tracking.coherent-rw.uffd-missing
@@
identifier f = {migrate_vma_insert_page};
expression vma;
@@
 f(...)
 {
 <...
-userfaultfd_missing(vma)
+0
 ...>
 }
