// SPDX-License-Identifier: GPL-2.0
// breaks: mlock() locks droppable memory
// claim: S3
// rule: mappings-are-counted
// file: mm/mlock.c
// history: mm: prevent droppable mappings from being locked (commit not seen)
// source: Debian's changelog of linux 6.12.95, stable update
// kernels: 7.3
// tests: mappings.*.droppable-is-not-locked
@@
identifier f = {mlock_fixup};
identifier vma;
@@
 f(...)
 {
 <...
-!vma_supports_mlock(vma)
+(!vma_supports_mlock(vma) && !(vma->vm_flags & VM_DROPPABLE))
 ...>
 }
