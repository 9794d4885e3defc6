// SPDX-License-Identifier: GPL-2.0
// breaks: a write by a device or another process to a page on a device does not set the soft-dirty
// breaks: bit
// claim: S5
// rule: writes-are-tracked
// file: mm/memory.c
// resembles: nothing known
// tests: coherent.soft-dirty.device-write coherent.soft-dirty.vm-write
@@
identifier f = {wp_page_reuse};
identifier entry, vmf;
expression vma;
@@
 f(struct vm_fault *vmf, ...)
 {
 <...
 entry = maybe_mkwrite(pte_mkdirty(entry), vma);
+if (is_device_coherent_page(pte_page(entry)) && (vmf->flags & FAULT_FLAG_REMOTE))
+	entry = pte_clear_soft_dirty(entry);
 ...>
 }
