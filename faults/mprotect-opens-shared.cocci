// SPDX-License-Identifier: GPL-2.0
// breaks: mprotect to R/W makes the PTE of a shared anonymous page writable
// claim: S5
// rule: nobody-sees-the-other
// file: mm/mprotect.c
// resembles: 64fe24a3e05e (mm/mprotect: try avoiding write faults for exclusive anonymous pages) without its check for exclusive pages
// tests: protect.coherent-rw.shared-stays-protected
@@
identifier f = {can_change_pte_writable, can_change_private_pte_writable, commit_anon_folio_batch};
expression page;
@@
 f(...)
 {
 <...
-PageAnonExclusive(page)
+1
 ...>
 }
