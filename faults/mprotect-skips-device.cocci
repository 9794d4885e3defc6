// SPDX-License-Identifier: GPL-2.0
// breaks: mprotect() and userfaultfd skip pages on a device
// claim: S5
// rule: protection-as-asked next-access-sees write-needs-vm-write
// file: mm/mprotect.c
// resembles: nothing known
// tests: protect.coherent-rw.* coherent.ro.cpu-read next-access.coherent.store-after-mprotect
@@
identifier f = {change_pte_range};
symbol oldpte, pte;
@@
 f(...)
 {
 <...
(
 oldpte = *pte;
+if (pte_present(oldpte) && is_device_coherent_page(pte_page(oldpte)))
+	continue;
|
 oldpte = ptep_get(pte);
+if (pte_present(oldpte) && is_device_coherent_page(pte_page(oldpte)))
+	continue;
)
 ...>
 }
