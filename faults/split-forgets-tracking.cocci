// SPDX-License-Identifier: GPL-2.0
// breaks: the parts of a written huge page whose mapping is split are not soft-dirty any more
// claim: S5
// rule: writes-are-tracked
// file: mm/huge_memory.c
// resembles: nothing known
// tests: huge-held.huge.freed-and-split
@@
identifier f = {__split_huge_pmd_locked};
identifier entry;
@@
 f(...)
 {
 <...
-entry = pte_mksoft_dirty(entry);
+;
 ...>
 }
