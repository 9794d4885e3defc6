// SPDX-License-Identifier: GPL-2.0
// breaks: fork() gives all of the child's pages of a large page the soft-dirty bit of the first
// claim: S5
// rule: writes-are-tracked
// file: mm/memory.c
// resembles: nothing known
// tests: large.*.tracked-and-forked
@@
identifier f = {copy_present_ptes};
statement S;
@@
 f(...)
 {
 <...
-if (vma_soft_dirty_enabled(...)) S
 ...>
 }
