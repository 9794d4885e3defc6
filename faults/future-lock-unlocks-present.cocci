// SPDX-License-Identifier: GPL-2.0
// breaks: mlockall(MCL_FUTURE) unlocks all memory that is locked
// claim: S9
// rule: locked-within-limit
// file: mm/mlock.c
// resembles: nothing known
// tests: mlock.*.everything
@@
@@
 apply_mlockall_flags(...)
 {
 <...
-if (!(flags & MCL_CURRENT))
-	goto out;
 ...>
 }
