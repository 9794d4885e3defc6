// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_ZEROPAGE replaces a page by the zero page
// claim: S2
// rule: filled-as-asked
// file: mm/userfaultfd.c
// resembles: nothing known
// tests: uffd-fill.anonymous.exists
@@
identifier f = {mfill_zeropage, mfill_zeropage_pte, mfill_atomic_pte_zeropage,
	mfill_atomic_pte_zeropage_pte};
@@
 f(...)
 {
 <...
-if (!pte_none(...)) goto out_unlock;
 ...>
 }
