// SPDX-License-Identifier: GPL-2.0
// breaks: a hole in a read-only mapping becomes a writable page when it is migrated to a device
// claim: S2
// rule: migration-is-the-way-in
// file: mm/migrate_device.c
// resembles: nothing known
// tests: tracking.coherent-ro.empty-range
@@
identifier f = {migrate_vma_insert_page};
identifier vma, entry;
expression E;
@@
 f(...)
 {
 <...
-if (vma->vm_flags & VM_WRITE)
-	entry = E;
+entry = E;
 ...>
 }
