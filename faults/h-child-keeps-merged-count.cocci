// SPDX-License-Identifier: GPL-2.0
// breaks: a child of fork() has the numbers of merged pages of its parent
// claim: S3
// rule: zero-pages-counted
// file: mm/mmap.c
// history: mm/ksm: fix incorrect KSM counter handling in mm_struct during fork (4d6fc29f3634)
// source: Debian's changelog of linux 6.12.95, stable update
// kernels: 7.3
// tests: ksm-zero.forked
@@
identifier f = {dup_mmap};
identifier mm, oldmm;
@@
 f(struct mm_struct *mm, struct mm_struct *oldmm)
 {
 <...
 ksm_fork(mm, oldmm);
+mm->ksm_merging_pages = oldmm->ksm_merging_pages;
+mm->ksm_rmap_items = oldmm->ksm_rmap_items;
 ...>
 }
