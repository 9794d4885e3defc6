// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_COLLAPSE also collapses the memory behind its range
// claim: S2
// rule: collapse-by-state
// file: mm/khugepaged.c
// history: mm/MADV_COLLAPSE: don't expand collapse when vm_end is past requested end (52dc031088f0)
// source: Debian changelog of 6.1
// kernels: 6.1 7.3
// tests: collapse.within-its-range

@@
expression E1, E2;
@@
 madvise_collapse(...)
 {
 <...
- E1 = min(E1, E2);
+ E1 = E2;
 ...>
 }
