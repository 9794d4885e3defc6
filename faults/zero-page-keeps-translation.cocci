// SPDX-License-Identifier: GPL-2.0
// breaks: migration replaces the zero page by a device page without flushing the TLB
// claim: S2
// rule: next-access-sees
// file: mm/migrate_device.c
// resembles: nothing known
// tests: next-access-to.coherent.load-after-zero-page
@@
identifier f = {migrate_vma_insert_page};
expression A, B, C;
@@
 f(...)
 {
 <...
(
-ptep_clear_flush_notify(A, B, C);
+ptep_get_and_clear(A->vm_mm, B, C);
|
-ptep_clear_flush(A, B, C);
+ptep_get_and_clear(A->vm_mm, B, C);
)
 ...>
 }
