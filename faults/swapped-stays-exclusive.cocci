// SPDX-License-Identifier: GPL-2.0
// breaks: fork() leaves the entry of a page that is swapped out exclusive, in the parent and in the
// breaks: child
// claim: S5
// rule: nobody-sees-the-other
// file: mm/memory.c
// resembles: nothing known
// tests: swapped.*.shared-with-child
// seen: check splat crash hang vm

@@
@@
 copy_nonpresent_pte(...)
 {
 <...
 if (pte_swp_exclusive(...)) {
- ...
+ rss[MM_SWAPENTS] += 0;
 }
 ...>
 }
