// SPDX-License-Identifier: GPL-2.0
// breaks: pages that swapoff() brings back stay counted in VmSwap
// claim: S3
// rule: accounts-return
// file: mm/swapfile.c
// resembles: nothing known
// tests: swapped.swapoff.*
@@
identifier f = {unuse_pte};
expression E;
@@
 f(...)
 {
 <...
-dec_mm_counter(E, MM_SWAPENTS);
 inc_mm_counter(E, MM_ANONPAGES);
 ...>
 }
