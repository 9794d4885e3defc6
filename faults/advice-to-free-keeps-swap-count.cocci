// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_FREE of pages that are swapped out leaves them counted in VmSwap
// claim: S3
// rule: accounts-return
// file: mm/madvise.c
// resembles: nothing known
// tests: swapped.load.freed-while-away
@@
identifier f = {madvise_free_pte_range};
identifier mm, nr_swap;
@@
 f(...)
 {
 <...
-add_mm_counter(mm, MM_SWAPENTS, nr_swap);
 ...>
 }
