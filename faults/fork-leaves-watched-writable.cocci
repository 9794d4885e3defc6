// SPDX-License-Identifier: GPL-2.0
// breaks: fork() leaves the parent's page writable if userfaultfd watches reads of it and the child is not watched
// claim: S5
// rule: nobody-sees-the-other
// file: mm/memory.c
// resembles: nothing known
// tests: *
@@
identifier f = {__copy_present_ptes};
symbol writable, pte;
expression V;
@@
 f(...)
 {
 <...
-vma_is_cow_mapping(V) && writable
+vma_is_cow_mapping(V) && pte_write(pte)
 ...>
 }
