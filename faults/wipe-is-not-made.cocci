// SPDX-License-Identifier: GPL-2.0
// breaks: fork() copies memory with MADV_WIPEONFORK
// claim: S5
// rule: not-forked
// file: kernel/fork.c mm/mmap.c
// resembles: nothing known
// tests: inherited.*.wiped-by-fork
@@
identifier f = {dup_mmap};
symbol tmp;
@@
 f(...)
 {
 <...
(
-tmp->vm_flags & VM_WIPEONFORK
+false
|
-vma_test(tmp, VMA_WIPEONFORK_BIT)
+false
)
 ...>
 }
