// SPDX-License-Identifier: GPL-2.0
// breaks: mprotect to R/W makes the PTE of a shared anonymous page writable
// claim: S5
// rule: nobody-sees-the-other
// file: mm/mprotect.c
// tests: protect.coherent-rw.shared-stays-protected
@@
identifier f =~ "^can_change_(private_)?pte_writable$";
expression page;
@@
 f(...)
 {
 <...
(
-	!PageAnonExclusive(page)
+	0
)
 ...>
 }
