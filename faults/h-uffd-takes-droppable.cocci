// SPDX-License-Identifier: GPL-2.0
// breaks: droppable mappings can be registered
// claim: S2
// rule: range-to-watch
// file: mm/userfaultfd.c
// history: userfaultfd: correctly prevent registering VM_DROPPABLE regions (commit not seen)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: uffd-ranges.droppable.registration
@@
identifier f = {vma_can_userfault};
@@
 f(...)
 {
 <...
-VM_DROPPABLE | VM_SHADOW_STACK
+VM_SHADOW_STACK
 ...>
 }
