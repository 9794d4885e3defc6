// SPDX-License-Identifier: GPL-2.0
// breaks: GUP for writing through a mapping without VM_WRITE is not refused as such
// claim: S5
// rule: write-needs-vm-write
// file: mm/gup.c
// resembles: nothing known
// tests: coherent.ro.dio-read coherent.ro.gup-slow-write coherent.ro.ring-register
@@
identifier f =~ "^(check_vma_flags)$";
expression e;
@@
 f(...)
 {
 <...
 if (!(e & FOLL_FORCE))
-	return -EFAULT;
+	;
 ...>
 }
