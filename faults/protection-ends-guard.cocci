// SPDX-License-Identifier: GPL-2.0
// breaks: removing the write protection of userfaultfd removes the guards in its range
// claim: S5
// rule: mark-is-kept
// file: mm/mprotect.c
// resembles: nothing known
// tests: marks.*-guard.watched
@@
identifier f = {change_softleaf_pte};
expression A, B;
@@
 f(...)
 {
 <...
-softleaf_is_poison_marker(A) || softleaf_is_guard_marker(B)
+softleaf_is_poison_marker(A)
 ...>
 }
