// SPDX-License-Identifier: GPL-2.0
// breaks: fork() does not flush the parent's translations, which stay writable
// claim: S5
// rule: nobody-sees-the-other
// file: kernel/fork.c mm/mmap.c
// resembles: nothing known
// tests: next-access.*.store-after-fork

@@
@@
 dup_mmap(...)
 {
 <...
- flush_tlb_mm(oldmm);
 ...>
 }
