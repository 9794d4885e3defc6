// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() moves the entry of a huge page without flushing the old translation
// claim: S5
// rule: next-access-sees
// file: mm/huge_memory.c
// resembles: nothing known
// tests: next-access-to.coherent.load-after-huge-moved
@@
identifier f = {move_huge_pmd};
@@
 f(...)
 {
 <...
-flush_pmd_tlb_range(...);
+;
 ...>
 }
