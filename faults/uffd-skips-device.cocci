// SPDX-License-Identifier: GPL-2.0
// breaks: userfaultfd write protection skips pages on a device
// claim: S5
// rule: protection-as-asked uffd-wp-stops-writes
// file: mm/mprotect.c
// resembles: nothing known
// tests: coherent.uffd-wp.cpu-write next-access.coherent.store-after-uffd-wp
@@
identifier f = {change_pte_range};
symbol oldpte, pte;
@@
 f(...)
 {
 <...
(
 oldpte = *pte;
+if ((cp_flags & MM_CP_UFFD_WP) && pte_present(oldpte) && is_device_coherent_page(pte_page(oldpte)))
+	continue;
|
 oldpte = ptep_get(pte);
+if ((cp_flags & MM_CP_UFFD_WP) && pte_present(oldpte) && is_device_coherent_page(pte_page(oldpte)))
+	continue;
)
 ...>
 }
