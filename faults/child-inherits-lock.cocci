// SPDX-License-Identifier: GPL-2.0
// breaks: the memory of a child of fork() is locked as that of its parent
// claim: S3
// rule: locked-as-memory
// file: kernel/fork.c mm/mmap.c
// resembles: nothing known
// tests: mlock.*.forked
@@
identifier f = {dup_mmap};
identifier tmp;
@@
 f(...)
 {
 <...
-vma_clear_flags_mask(tmp, VMA_LOCKED_MASK);
 ...>
 }
@@
identifier f = {dup_mmap};
identifier tmp;
@@
 f(...)
 {
 <...
-tmp->vm_flags &= ~(VM_LOCKED | VM_LOCKONFAULT);
 ...>
 }
