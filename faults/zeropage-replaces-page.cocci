// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_ZEROPAGE replaces a page by the zero page
// claim: S2
// rule: filled-as-asked
// file: mm/userfaultfd.c
// resembles: nothing known
// tests: uffd-fill.anonymous.exists
@@
identifier f =~ "^mfill_(atomic_pte_)?zeropage(_pte)?$";
@@
 f(...)
 {
 <...
-if (!pte_none(...)) goto out_unlock;
 ...>
 }
