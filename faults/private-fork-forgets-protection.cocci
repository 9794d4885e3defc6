// SPDX-License-Identifier: GPL-2.0
// breaks: fork() drops userfaultfd's protection of a writable page on the private device
// claim: S5
// rule: protection-as-asked
// file: mm/memory.c
// resembles: nothing known
// tests: private-marks.rw.forked
@@
identifier f = {copy_nonpresent_pte};
symbol pte, entry, orig_pte;
@@
 f(...)
 {
 <...
 entry = make_readable_device_private_entry(...);
 pte = swp_entry_to_pte(entry);
-if (pte_swp_uffd(orig_pte))
-	pte = pte_swp_mkuffd(pte);
 ...>
 }
