// SPDX-License-Identifier: GPL-2.0
// breaks: swapoff() drops userfaultfd's protection of the pages that it brings back
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/swapfile.c
// resembles: nothing known
// tests: swapped.swapoff.protected

@@
expression E;
@@
 unuse_pte(...)
 {
 <...
(
 if (pte_swp_uffd(E))
-	new_pte = pte_mkuffd(new_pte);
+	new_pte = pte_mkold(new_pte);
|
 if (pte_swp_uffd_wp(E))
-	new_pte = pte_mkuffd_wp(new_pte);
+	new_pte = pte_mkold(new_pte);
)
 ...>
 }
