// SPDX-License-Identifier: GPL-2.0
// breaks: migration replaces a PTE by a migration entry without flushing the TLB
// claim: S2
// rule: next-access-sees
// file: mm/migrate_device.c
// resembles: nothing known
// tests: next-access-to.coherent.load-after-migration
// tests: next-access-to.coherent.store-after-migration
@@
identifier f = {migrate_vma_collect_pmd};
expression A, B, C;
@@
 f(...)
 {
 <...
(
-flush_tlb_range(A, B, C);
+(void)(B);
|
-ptep_clear_flush(A, B, C)
+ptep_get_and_clear(A->vm_mm, B, C)
)
 ...>
 }
