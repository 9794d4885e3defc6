// SPDX-License-Identifier: GPL-2.0
// breaks: pagemap of pages inside of a huge page shows the frames from its beginning
// claim: S1
// rule: pagemap-by-page
// file: fs/proc/task_mmu.c
// resembles: nothing known
// tests: long-ranges.coherent.of-huge-page

@@
@@
 pagemap_pmd_range_thp(...)
 {
 <...
- frame = pmd_pfn(pmd) + idx;
+ frame = pmd_pfn(pmd);
 ...>
 }
