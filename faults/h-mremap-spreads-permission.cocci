// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() of a large page maps all of its pages as its first one, so that a shared page becomes writable
// claim: S2 S5
// rule: moves-with-address nobody-sees-the-other
// file: mm/mremap.c
// history: mm/mremap: honour writable bit in mremap pte batching (commit not seen)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: *
@@
identifier f = {mremap_folio_pte_batch};
@@
 f(...)
 {
 <...
-FPB_RESPECT_WRITE
+0
 ...>
 }
