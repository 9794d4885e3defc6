// SPDX-License-Identifier: GPL-2.0
// breaks: a page that is swapped in stays counted in VmSwap
// claim: S6
// rule: accounts-return
// file: mm/memory.c
// resembles: nothing known
// tests: swapped.load.*
@@
identifier f = {do_swap_page};
symbol vma, nr_pages;
@@
 f(...)
 {
 <...
-add_mm_counter(vma->vm_mm, MM_SWAPENTS, -nr_pages);
 ...>
 }
