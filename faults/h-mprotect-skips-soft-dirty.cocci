// SPDX-License-Identifier: GPL-2.0
// breaks: mprotect() makes entries writable although writes are tracked
// claim: S5
// rule: writes-are-tracked
// file: mm/mprotect.c
// history: mm/mprotect: fix soft-dirty check in can_change_pte_writable() (76aefad628aa)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 6.1 7.3
// tests: soft-dirty.*.after-mprotect*
@@
identifier f = {can_change_pte_writable, maybe_change_pte_writable};
expression vma, pte;
@@
 f(...)
 {
 <...
(
-vma_soft_dirty_enabled(vma)
+(vma->vm_flags & VM_SOFTDIRTY)
|
-pte_needs_soft_dirty_wp(vma, pte)
+((vma->vm_flags & VM_SOFTDIRTY) && !pte_soft_dirty(pte))
)
 ...>
 }
