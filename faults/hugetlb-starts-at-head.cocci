// SPDX-License-Identifier: GPL-2.0
// breaks: a device that mirrors from inside of a hugetlb page on reads it from its beginning
// claim: S1
// rule: bytes-arrive
// file: mm/hmm.c
// resembles: nothing known
// tests: hugetlb-mirrored.*
@@
identifier f = {hmm_vma_walk_hugetlb_entry};
symbol pfn, entry, start, hmask;
@@
 f(...)
 {
 <...
-pfn = pte_pfn(entry) + ((start & ~hmask) >> PAGE_SHIFT);
+pfn = pte_pfn(entry);
 ...>
 }
