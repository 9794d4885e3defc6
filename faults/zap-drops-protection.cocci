// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_DONTNEED of a private copy on a device drops userfaultfd's protection of the file's page
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/memory.c
// resembles: nothing known
// tests: file-pages.coherent-*.protected-then-zapped
@@
identifier f = {zap_install_uffd_wp_if_needed};
symbol pteval;
@@
 f(...)
 {
 <...
(
-pte_install_uffd_wp_if_needed(vma, addr, pte, pteval);
+if (!pte_present(pteval) || !is_device_coherent_page(pte_page(pteval)))
+	pte_install_uffd_wp_if_needed(vma, addr, pte, pteval);
|
-cond_install_uffd_wp_ptes(vma, addr, pte, pteval, nr)
+(!pte_present(pteval) || !is_device_coherent_page(pte_page(pteval))) &&
+cond_install_uffd_wp_ptes(vma, addr, pte, pteval, nr)
)
 ...>
 }
