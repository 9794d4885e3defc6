// SPDX-License-Identifier: GPL-2.0
// breaks: mlockall(MCL_FUTURE) unlocks all memory that is locked
// claim: S7
// rule: locked-as-memory
// file: mm/mlock.c
// resembles: nothing known
// tests: unprivileged.*
@@
@@
 apply_mlockall_flags(...)
 {
 <...
-if (!(flags & MCL_CURRENT))
-	goto out;
 ...>
 }
