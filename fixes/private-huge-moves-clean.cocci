// SPDX-License-Identifier: GPL-2.0
// fixes: mremap() makes a huge private page soft-dirty
// finding: private-huge-moves-clean
// kernels: 7.3
// file: mm/huge_memory.c
// tests: trackers.private.huge-moved
@@
identifier f = {move_soft_dirty_pmd};
symbol pmd;
@@
 f(...)
 {
 <...
-pmd_is_migration_entry(pmd)
+pmd_is_migration_entry(pmd) || pmd_is_device_private_entry(pmd)
 ...>
 }
