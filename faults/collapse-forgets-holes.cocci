// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_COLLAPSE does not count the holes that it fills in RssAnon
// claim: S6
// rule: accounts-return
// file: mm/khugepaged.c
// resembles: nothing known
// tests: collapse.within-its-range collapse-states.hole.by-advice
@@
identifier f = {__collapse_huge_page_copy_succeeded};
symbol vma, pteval;
@@
 f(...)
 {
 <...
-add_mm_counter(vma->vm_mm, MM_ANONPAGES, 1);
 if (pte_none(pteval))
 	continue;
 ...>
 }
