// SPDX-License-Identifier: GPL-2.0
// breaks: the child has a hole where its parent has a page on a device
// claim: S5
// rule: fork-shares nobody-sees-the-other
// file: mm/memory.c
// resembles: nothing known
// tests: coherent.cow-shared.cpu-read coherent.cow-shared.cpu-write
@@
identifier f = {copy_present_pte};
identifier src_vma;
@@
 f(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma, ...)
 {
 <...
 page = vm_normal_page(src_vma, ...);
+if (page && is_device_coherent_page(page))
+	return 0;
 ...>
 }
@@
identifier f = {copy_present_ptes};
identifier src_vma;
@@
 f(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma, ...)
 {
 <...
 page = vm_normal_page(src_vma, ...);
+if (page && is_device_coherent_page(page))
+	return 1;
 ...>
 }
