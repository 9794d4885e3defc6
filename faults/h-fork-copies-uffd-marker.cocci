// SPDX-License-Identifier: GPL-2.0
// breaks: fork() copies userfaultfd markers to a child that is not registered
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/memory.c
// history: mm/uffd: fix pte marker when fork() without fork event (49d6d7fb6313)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: monitor.*.child-of-*
@@
identifier f = {copy_nonpresent_pte};
expression entry, vma;
expression list A;
@@
 f(...)
 {
 <...
(
 if (is_pte_marker_entry(entry)) {
-	if (userfaultfd_wp(vma))
 		set_pte_at(A);
 	return 0;
 }
|
-copy_pte_marker(entry, vma)
+softleaf_to_marker(entry)
)
 ...>
 }
