// SPDX-License-Identifier: GPL-2.0
// breaks: the reverse map does not find a huge page that is on the private device
// claim: S2
// rule: migration-is-the-way-in
// file: mm/page_vma_mapped.c
// resembles: nothing known
// tests: huge-private.*.part-back
@@
identifier f = {page_vma_mapped_walk};
symbol pvmw;
@@
 f(...)
 {
 <...
-if (pvmw->flags & PVMW_MIGRATION)
 	return not_found(pvmw);
 entry = softleaf_from_pmd(...);
 ...>
 }
