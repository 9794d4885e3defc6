// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() moves a page table without flushing the old translations
// claim: S5
// rule: next-access-sees
// file: mm/mremap.c
// resembles: eb66ae030829 (mremap: properly flush TLB before releasing the page), for page tables
// tests: next-access.*.load-after-table-moved

@@
@@
 move_normal_pmd(...)
 {
 <...
- flush_tlb_range(...);
 ...>
 }
