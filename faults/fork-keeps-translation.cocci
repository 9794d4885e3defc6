// SPDX-License-Identifier: GPL-2.0
// breaks: fork() of a process that a device mirrors does not flush the parent's translations, which
// breaks: stay writable
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
+if (!mm_has_notifiers(oldmm))
 flush_tlb_mm(oldmm);
 ...>
 }
