// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_MOVE does not mark the moved page as soft-dirty
// claim: S5
// rule: writes-are-tracked
// file: mm/userfaultfd.c
// history: mm: userfaultfd: correct dirty flags set for both present and swap pte (75cb1cca2c88)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: soft-dirty.system.moved-by-monitor
@@
identifier f = {move_present_ptes, move_swap_pte};
expression E;
@@
 f(...)
 {
 <...
(
-if (pgtable_supports_soft_dirty())
-	E = pte_mksoft_dirty(E);
|
-if (pgtable_supports_soft_dirty())
-	E = pte_swp_mksoft_dirty(E);
)
 ...>
 }
