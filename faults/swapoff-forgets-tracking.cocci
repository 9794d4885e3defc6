// SPDX-License-Identifier: GPL-2.0
// breaks: a page that swapoff() brings back is not soft-dirty any more
// claim: S4
// rule: writes-are-tracked
// file: mm/swapfile.c
// resembles: nothing known
// tests: swapped.swapoff.tracked
@@
identifier f = {unuse_pte};
symbol old_pte, new_pte;
@@
 f(...)
 {
 <...
-if (pte_swp_soft_dirty(old_pte))
-	new_pte = pte_mksoft_dirty(new_pte);
 ...>
 }
