// SPDX-License-Identifier: GPL-2.0
// breaks: the snapshot of a device shows memory that may not be read as a hole
// claim: S1
// rule: observers-agree
// file: mm/hmm.c
// resembles: nothing known
// tests: page-reports.inaccessible.device
@@
identifier f = {hmm_vma_walk_test};
symbol start, end, range;
@@
 f(...)
 {
 <...
-hmm_pfns_fill(start, end, range, HMM_PFN_ERROR);
+hmm_pfns_fill(start, end, range, 0);
 ...>
 }
