// SPDX-License-Identifier: GPL-2.0
// fixes: munlock() takes back what migration of a locked page to a device has counted
// finding: mlocked-leak
// kernels: 6.1 6.12 7.3
// file: mm/mlock.c
// tests: mlock.coherent-*.unlocked-on-device
@@
identifier f = mlock_pte_range;
expression page, E;
@@
 f(...)
 {
 <...
(
-if (!page || is_zone_device_page(page))
+if (!page || (is_zone_device_page(page) && (vma->vm_flags & VM_LOCKED || !PageMlocked(page))))
 	continue;
|
-if (!page || folio_is_zone_device(page))
+if (!page || (folio_is_zone_device(page) &&
+	      (vma->vm_flags & VM_LOCKED || !folio_test_mlocked(page))))
 	continue;
)
 ...>
 }
