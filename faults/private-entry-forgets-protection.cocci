// SPDX-License-Identifier: GPL-2.0
// breaks: mprotect() of a page on the private device drops userfaultfd's protection of it
// claim: S5
// rule: scan-finds-writes
// file: mm/mprotect.c
// resembles: nothing known
// tests: trackers.private.protected
@@
identifier f = {change_softleaf_pte};
symbol newpte, entry, oldpte;
@@
 f(...)
 {
 <...
 newpte = swp_entry_to_pte(entry);
-if (pte_swp_uffd(oldpte))
-	newpte = pte_swp_mkuffd(newpte);
 ...>
 }
