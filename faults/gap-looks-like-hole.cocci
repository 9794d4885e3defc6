// SPDX-License-Identifier: GPL-2.0
// breaks: the snapshot of a device shows memory that is not mapped as a hole and not as an error
// claim: S1
// rule: observers-agree
// file: mm/hmm.c
// resembles: nothing known
// tests: page-reports.unmapped.device
@@
identifier f = {hmm_vma_walk_hole};
@@
 f(...)
 {
 <...
-HMM_PFN_ERROR
+0
 ...>
 }
