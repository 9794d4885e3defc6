// SPDX-License-Identifier: GPL-2.0
// breaks: a page that is swapped out stays accessible through its old translation
// claim: S3
// rule: next-access-sees
// file: mm/rmap.c
// resembles: nothing known
// tests: next-access.system.load-after-swap-out

@@
expression E1, E2, E3;
@@
 try_to_unmap_one(...)
 {
 <...
(
- flush_tlb_range(...);
+ ;
|
- set_tlb_ubc_flush_pending(...);
+ ;
|
- ptep_clear_flush(E1, E2, E3)
+ ptep_get_and_clear(mm, E2, E3)
)
 ...>
 }
