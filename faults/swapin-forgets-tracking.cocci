// SPDX-License-Identifier: GPL-2.0
// breaks: a page that is swapped in is not soft-dirty any more
// claim: S5
// rule: writes-are-tracked
// file: mm/memory.c
// resembles: nothing known
// tests: swapped.load.tracked swapped.gup.tracked

@@
@@
 do_swap_page(...)
 {
 <...
- if (pte_swp_soft_dirty(vmf->orig_pte))
-	pte = pte_mksoft_dirty(pte);
 ...>
 }
