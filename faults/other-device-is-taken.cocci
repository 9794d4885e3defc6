// SPDX-License-Identifier: GPL-2.0
// breaks: migration back also migrates pages of other devices
// claim: S2
// rule: migration-back nothing-else-changes
// file: mm/migrate_device.c
// resembles: nothing known
// tests: remote.rw.migrate-back
@@
identifier f = {migrate_vma_collect_pmd};
identifier migrate;
expression E;
@@
 f(...)
 {
 <...
-E->owner != migrate->pgmap_owner
+0
 ...>
 }
