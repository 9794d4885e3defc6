// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_GUARD_INSTALL does not mark the mapping, so that fork() does not copy the guards of a file mapping
// claim: S5
// rule: mark-is-kept
// file: mm/madvise.c
// resembles: nothing known
// tests: marks.*.in-shared-memory
@@
identifier f = {madvise_guard_install};
expression V;
@@
 f(...)
 {
 <...
-vma_set_atomic_flag(V, VMA_MAYBE_GUARD_BIT);
 ...>
 }
