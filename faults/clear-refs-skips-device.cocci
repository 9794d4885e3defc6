// SPDX-License-Identifier: GPL-2.0
// breaks: clear_refs skips pages on a device, which stay soft-dirty
// claim: S5
// rule: writes-are-tracked
// file: fs/proc/task_mmu.c
// resembles: nothing known
// tests: coherent.soft-dirty.cpu-read
@@
identifier f = {clear_soft_dirty};
identifier vma, addr, ptent;
@@
 f(struct vm_area_struct *vma, unsigned long addr, ...)
 {
 <...
-if (pte_is_pinned(vma, addr, ptent))
+if (pte_is_pinned(vma, addr, ptent) || is_device_coherent_page(pte_page(ptent)))
 	return;
 ...>
 }
