// SPDX-License-Identifier: GPL-2.0
// breaks: fork does not write-protect the parent's PTE of a coherent page that it shares
// claim: S5
// rule: nobody-sees-the-other
// file: mm/memory.c
// tests: fork.coherent-rw.parent-writes-first coherent.cow-shared.cpu-write
@@
identifier f = copy_present_pte;
expression mm, addr, pte;
@@
 f(...)
 {
 <...
-	ptep_set_wrprotect(mm, addr, pte);
+	if (!page || !is_device_coherent_page(page))
+		ptep_set_wrprotect(mm, addr, pte);
 ...>
 }
