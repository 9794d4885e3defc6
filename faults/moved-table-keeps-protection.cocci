// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() of a whole page table takes userfaultfd's protection to a mapping that no userfaultfd has
// claim: S2
// rule: monitor-lets-go
// file: mm/mremap.c
// resembles: 0cef0bb836e3 (mm: clear uffd-wp PTE/PMD state on mremap()), one branch of it
// tests: monitor.*.table-moved
@@
identifier f = {move_normal_pmd};
symbol pmc;
@@
 f(...)
 {
 <...
-if (!uffd_supports_page_table_move(pmc))
-	return false;
 ...>
 }
