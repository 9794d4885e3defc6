// SPDX-License-Identifier: GPL-2.0
// breaks: mlock() of a range with two mappings locks the first and returns success
// claim: S2
// rule: whole-range
// file: mm/mlock.c
// resembles: nothing known
// tests: whole-range.mlock.two-mappings whole-range.mlock.inside whole-range.mlock.gap-behind

@@
@@
 apply_vma_lock_flags(...)
 {
 <...
 nstart = tmp;
+ return 0;
 ...>
 }
