// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_WRITEPROTECT does not remove the protection of a page that is not mapped
// claim: S5
// rule: monitor-lets-go
// file: mm/mprotect.c
// resembles: nothing known
// tests: monitor-shared.released
@@
identifier f = {change_pte_range, change_softleaf_pte};
identifier resolve = {uffd_wp_resolve, uffd_prot_resolve};
@@
 f(...)
 {
 <...
 if (resolve) {
-	pte_clear(...);
	...
 }
 ...>
 }
