// SPDX-License-Identifier: GPL-2.0
// breaks: GUP ignores the permissions of a mapping, as if it always had FOLL_FORCE
// claim: S5
// rule: write-needs-vm-write
// file: mm/gup.c
// resembles: nothing known
// tests: coherent.ro.dio-read coherent.ro.gup-slow-write coherent.ro.ring-register
@@
identifier f = {check_vma_flags};
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
@@
identifier f = {can_follow_write_pte, can_follow_write_common};
identifier flags;
@@
 f(...)
 {
 <...
-!(flags & FOLL_FORCE)
+0
 ...>
 }
