// SPDX-License-Identifier: GPL-2.0
// fixes: UFFDIO_MOVE of a swapped page leaves its write protection behind
// finding: uffd-move-keeps-wp
// kernels: 6.12 7.3
// file: mm/userfaultfd.c
// tests: uffd-move.system.swapped-and-protected
@move_renamed@
@@
 pte_swp_mkuffd(...)

@depends on !move_renamed@
identifier f = {move_swap_pte};
identifier pte;
@@
 f(...)
 {
 <...
 pte = ptep_get_and_clear(...);
+pte = pte_swp_clear_uffd_wp(pte);
 ...>
 }

@depends on move_renamed@
identifier f = {move_swap_pte};
identifier pte;
@@
 f(...)
 {
 <...
 pte = ptep_get_and_clear(...);
+pte = pte_swp_clear_uffd(pte);
 ...>
 }
