// SPDX-License-Identifier: GPL-2.0
// breaks: GUP reads through a mapping without VM_READ
// claim: S1
// rule: read-needs-vm-read
// file: mm/gup.c
// resembles: nothing known
// tests: coherent.prot-none.gup-slow-read coherent.prot-none.dio-write coherent.prot-none.vm-read
@@
identifier f = {check_vma_flags};
expression E, G;
@@
 f(...)
 {
 <...
 if (!(E & VM_READ)) { <+...
-	if (!(G & FOLL_FORCE))
-		return -EFAULT;
+	;
 ...+> }
 ...>
 }
