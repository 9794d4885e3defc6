// SPDX-License-Identifier: GPL-2.0
// breaks: the mirror of a device uses a read-only page for writing without a fault
// claim: S1
// rule: device-in-place bytes-arrive
// file: mm/hmm.c
// resembles: nothing known
// tests: coherent.cow-shared.device-write coherent.cow-left.device-write
@@
identifier f = {hmm_pte_need_fault};
identifier cpu_flags;
@@
 f(...)
 {
 <...
-!(cpu_flags & HMM_PFN_WRITE)
+0
 ...>
 }
