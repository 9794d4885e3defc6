// SPDX-License-Identifier: GPL-2.0
// breaks: a page that a device gets exclusively stays accessible through its old translation
// claim: S1
// rule: next-access-sees
// file: mm/rmap.c
// resembles: nothing known
// tests: next-access.*.load-after-exclusive

@@
expression E1, E2, E3;
@@
 make_device_exclusive(...)
 {
 <...
- ptep_clear_flush(E1, E2, E3)
+ ptep_get_and_clear(E1->vm_mm, E2, E3)
 ...>
 }

@@
expression E1, E2, E3;
@@
 page_make_device_exclusive_one(...)
 {
 <...
- ptep_clear_flush(E1, E2, E3)
+ ptep_get_and_clear(E1->vm_mm, E2, E3)
 ...>
 }
