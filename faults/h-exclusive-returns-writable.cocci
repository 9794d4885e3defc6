// SPDX-License-Identifier: GPL-2.0
// breaks: a page comes back from exclusive access writable, although writes are tracked
// claim: S5
// rule: writes-are-tracked
// file: mm/memory.c
// history: mm/memory: detect writability in restore_exclusive_pte() through can_change_pte_writable() (c2f7f3bfa3ee)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: soft-dirty.*.after-exclusive
@@
identifier f = {restore_exclusive_pte};
identifier orig_pte;
@@
 f(..., pte_t orig_pte)
 {
 <...
-can_change_pte_writable(...)
+!pte_swp_uffd(orig_pte)
 ...>
 }
