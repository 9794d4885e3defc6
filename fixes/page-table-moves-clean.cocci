// SPDX-License-Identifier: GPL-2.0
// fixes: mremap() marks the entries of a whole page table as soft-dirty
// finding: page-table-moves-clean
// kernels: 6.12
// file: mm/mremap.c
// tests: trackers.private.huge-moved
@@
identifier f = {move_normal_pmd};
symbol vma;
@@
 f(...)
 {
 ...
+if (IS_ENABLED(CONFIG_MEM_SOFT_DIRTY) && !(vma->vm_flags & VM_SOFTDIRTY))
+	return false;
 if (!arch_supports_page_table_move())
 	return false;
 ...
 }
