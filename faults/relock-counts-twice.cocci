// SPDX-License-Identifier: GPL-2.0
// breaks: mlock() of memory that is locked already counts it against RLIMIT_MEMLOCK again
// claim: S9
// rule: locked-within-limit
// file: mm/mlock.c
// resembles: nothing known
// tests: unprivileged.*.locked
@@
identifier f = {do_mlock};
symbol locked, start, len;
@@
 f(...)
 {
 <...
-locked -= count_mm_mlocked_page_nr(current->mm, start, len);
 ...>
 }
