// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_POPULATE_WRITE only reads
// claim: S2
// rule: legal-calls-work
// file: mm/gup.c
// resembles: nothing known
// tests: coherent.ro.populate-write
@@
identifier f = {faultin_page_range, faultin_vma_page_range};
symbol gup_flags, write;
@@
 f(...)
 {
 <...
-if (write)
-	gup_flags |= FOLL_WRITE;
 ...>
 }
