// SPDX-License-Identifier: GPL-2.0
// breaks: the bits of an entry are dropped when the zero page replaces the page
// claim: S5
// rule: writes-are-tracked
// file: mm/migrate.c
// history: mm/rmap: fix soft-dirty and uffd-wp bit loss when remapping zero-filled mTHP subpage to shared zeropage (9658d698a8a8)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: soft-dirty.*.split-when-*
@@
identifier f = {try_to_map_unused_to_zeropage};
expression E, P;
@@
 f(...)
 {
 <...
(
-if (pte_swp_soft_dirty(E))
-	P = pte_mksoft_dirty(P);
|
-if (pte_swp_uffd(E))
-	P = pte_mkuffd(P);
)
 ...>
 }
