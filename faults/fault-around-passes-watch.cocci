// SPDX-License-Identifier: GPL-2.0
// breaks: a fault of a page of a file maps its neighbours although userfaultfd watches the mapping
// claim: S2
// rule: filled-as-asked
// file: mm/memory.c
// resembles: nothing known
// tests: uffd-fill.*.continued
@@
identifier f = {should_fault_around};
statement S;
@@
 f(...)
 {
 <...
-if (uffd_disable_fault_around(...)) S
 ...>
 }
