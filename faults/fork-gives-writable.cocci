// SPDX-License-Identifier: GPL-2.0
// breaks: fork leaves the child's PTE of a coherent page writable
// claim: S5
// rule: nobody-sees-the-other
// file: mm/memory.c
// resembles: nothing known
// tests: fork.coherent-rw.child-writes-first coherent.cow-shared.child-write
@@
identifier f = {copy_present_pte, __copy_present_ptes};
identifier pte;
@@
 f(...)
 {
 <...
-pte = pte_wrprotect(pte);
+if (!is_device_coherent_page(pte_page(pte)))
+	pte = pte_wrprotect(pte);
 ...>
 }
