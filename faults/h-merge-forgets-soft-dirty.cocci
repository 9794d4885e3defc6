// SPDX-License-Identifier: GPL-2.0
// breaks: a mapping that takes in a new one does not take over that its pages are soft-dirty
// claim: S5
// rule: writes-are-tracked
// file: mm/vma.c
// history: mm: propagate VM_SOFTDIRTY on merge (commit not seen)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: soft-dirty.*.new-that-joins
@@
identifier f = {vma_expand};
symbol target, sticky_flags;
@@
 f(...)
 {
 <...
-vma_set_flags_mask(target, sticky_flags);
 ...>
 }
@@
identifier f = {vma_merge_existing_range};
symbol vmg, sticky_flags;
@@
 f(...)
 {
 <...
-vma_set_flags_mask(vmg->target, sticky_flags);
 ...>
 }
