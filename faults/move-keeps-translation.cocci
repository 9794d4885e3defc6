// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_MOVE does not flush the translations of the pages that it moves
// claim: S5
// rule: next-access-sees
// file: mm/userfaultfd.c
// resembles: nothing known
// tests: next-access.*.load-after-monitor-move

@@
@@
 move_present_ptes(...)
 {
 <...
- flush_tlb_range(...);
+ ;
 ...>
 }
