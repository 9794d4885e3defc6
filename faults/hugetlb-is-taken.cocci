// SPDX-License-Identifier: GPL-2.0
// breaks: migration to a device treats a hugetlb mapping as one without pages
// claim: S2
// rule: hugetlb-refused
// file: mm/migrate_device.c
// resembles: nothing known
// tests: huge.coherent-rw.hugetlb
@@
identifier f = {migrate_vma_setup};
expression E;
@@
 f(...)
 {
 <...
(
-is_vm_hugetlb_page(E)
+0
|
-E & VM_SPECIAL
+E & (VM_SPECIAL & ~VM_DONTEXPAND)
)
 ...>
 }
