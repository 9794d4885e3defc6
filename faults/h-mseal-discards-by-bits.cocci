// SPDX-License-Identifier: GPL-2.0
// breaks: advice is taken for a discard by its bits, so that harmless advice to sealed read-only memory is refused
// claim: S9
// rule: sealed-stays
// file: mm/madvise.c
// history: mseal: fix is_madv_discard() (e46bc2e7eb90)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: sealed.*-ro.advised
@@
identifier f = {is_discard};
symbol behavior;
@@
 f(...)
 {
 <...
-return false;
+return behavior & (MADV_FREE | MADV_DONTNEED | MADV_DONTNEED_LOCKED | MADV_REMOVE);
 ...>
 }
