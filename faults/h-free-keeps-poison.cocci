// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_FREE leaves the entries of poisoned pages, so that the memory still cannot be used
// claim: S5 S2
// rule: mark-is-kept poison-is-not-read
// file: mm/madvise.c
// history: mm/madvise: free hwpoison and swapin error entry in madvise_free_pte_range (7b49514fa5a3)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: marks.*-poison.advised-free hwpoison.*.neighbour
@@
identifier f = {madvise_free_pte_range};
expression E1, E2, E3;
@@
 f(...)
 {
 <...
-pte_clear(E1, E2, E3);
+;
 ...>
 }
