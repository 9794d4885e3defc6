// SPDX-License-Identifier: GPL-2.0
// breaks: a page that migrates for a long-term pin stays accessible through its old translation
// claim: S7
// rule: next-access-sees
// file: mm/rmap.c
// resembles: nothing known
// tests: next-access.coherent.store-after-longterm-pin

@@
expression E1, E2, E3;
@@
 try_to_migrate_one(...)
 {
 <...
- ptep_clear_flush(E1, E2, E3)
+ ptep_get_and_clear(mm, E2, E3)
 ...>
 }
