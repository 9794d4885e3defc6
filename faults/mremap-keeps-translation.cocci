// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() moves entries of a page table without flushing the old translations
// claim: S5
// rule: next-access-sees
// file: mm/mremap.c
// resembles: nothing known
// tests: next-access.*.load-after-mremap

@@
@@
 move_ptes(...)
 {
 <...
- force_flush = true;
+ force_flush = false;
 ...>
 }
