// SPDX-License-Identifier: GPL-2.0
// breaks: exec does not register the process with KSM, and a later mmap() does not do it either
// claim: S5
// rule: merged-is-shared
// file: mm/vma_exec.c mm/ksm.c
// history: mm/ksm: fix ksm exec support for prctl (3a9e567ca45f)
// source: Debian's changelog of linux 6.1.192-2 (stable updates); "MM updates for 6.10-rc1"
// kernels: 7.3
// tests: ksm-meets.program
@@
expression E;
@@
-ksm_execve(E)
+0

@@
expression mm;
@@
-if (unlikely(!mm_flags_test(MMF_VM_MERGEABLE, mm)))
-	__ksm_enter(mm);
