// SPDX-License-Identifier: GPL-2.0
// breaks: a page that is swapped in is not protected by userfaultfd any more
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/memory.c
// resembles: nothing known
// tests: swapped.load.protected swapped.gup.protected

@@
@@
 do_swap_page(...)
 {
 <...
(
- if (pte_swp_uffd(vmf->orig_pte))
-	pte = pte_mkuffd(pte);
|
- if (pte_swp_uffd_wp(vmf->orig_pte))
-	pte = pte_mkuffd_wp(pte);
|
- if (pte_swp_uffd_wp(vmf->orig_pte)) {...}
)
 ...>
 }
