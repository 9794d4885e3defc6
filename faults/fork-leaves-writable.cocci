// SPDX-License-Identifier: GPL-2.0
// breaks: fork does not write-protect the parent's PTE of a coherent page that it shares
// claim: S5
// rule: nobody-sees-the-other
// file: mm/memory.c
// resembles: nothing known
// tests: fork.coherent-rw.*
@@
identifier f = {copy_present_pte, __copy_present_ptes};
expression mm, addr, p, n;
@@
 f(...)
 {
 <...
(
-ptep_set_wrprotect(mm, addr, p);
+if (!is_device_coherent_page(pte_page(*p)))
+	ptep_set_wrprotect(mm, addr, p);
|
-wrprotect_ptes(mm, addr, p, n);
+if (!is_device_coherent_page(pte_page(*p)))
+	wrprotect_ptes(mm, addr, p, n);
)
 ...>
 }
