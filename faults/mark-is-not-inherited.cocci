// SPDX-License-Identifier: GPL-2.0
// breaks: fork() does not copy guard regions and poison
// claim: S5
// rule: mark-is-kept
// file: mm/memory.c
// resembles: nothing known
// tests: marks.coherent-*.forked
@@
identifier f = {copy_nonpresent_pte};
symbol marker;
@@
 f(...)
 {
 <...
-if (marker)
-	set_pte_at(...);
 ...>
 }
