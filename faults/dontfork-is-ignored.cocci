// SPDX-License-Identifier: GPL-2.0
// breaks: fork() copies anonymous memory with MADV_DONTFORK
// claim: S5
// rule: not-forked
// file: kernel/fork.c mm/mmap.c
// resembles: nothing known
// tests: inherited.*.not-forked
@@
identifier f = {dup_mmap};
symbol mpnt;
@@
 f(...)
 {
 <...
(
-mpnt->vm_flags & VM_DONTCOPY
+mpnt->vm_flags & VM_DONTCOPY && !vma_is_anonymous(mpnt)
|
-vma_test(mpnt, VMA_DONTCOPY_BIT)
+vma_test(mpnt, VMA_DONTCOPY_BIT) && !vma_is_anonymous(mpnt)
)
 ...>
 }
