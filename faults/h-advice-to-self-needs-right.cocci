// SPDX-License-Identifier: GPL-2.0
// breaks: process_madvise() of the caller itself needs CAP_SYS_NICE
// claim: S6
// rule: rights
// file: mm/madvise.c
// history: mm/madvise: allow process_madvise() operations on itself without CAP_SYS_NICE (commit not seen)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: unprivileged.*.advised
@@
symbol mm;
@@
-(mm != current->mm && !capable(CAP_SYS_NICE))
+(!capable(CAP_SYS_NICE))
