// SPDX-License-Identifier: GPL-2.0
// breaks: ksm_merging_pages of a process does not fall when a merged page is written
// claim: S6
// rule: merged-is-shared
// file: mm/ksm.c
// resembles: nothing known
// tests: ksm-meets.counted
@@
identifier f = {remove_rmap_item_from_tree};
symbol rmap_item, mm, ksm_merging_pages;
@@
 f(...)
 {
 <...
-rmap_item->mm->ksm_merging_pages--;
 ...>
 }
