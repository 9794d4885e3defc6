// SPDX-License-Identifier: GPL-2.0
// breaks: migration to a device takes a hugetlb mapping for one whose pages are all absent
// claim: S2
// rule: hugetlb-refused
// file: mm/migrate_device.c
// resembles: nothing known
// tests: huge.coherent-rw.hugetlb
@@
identifier f =~ "^migrate_vma_setup$";
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
