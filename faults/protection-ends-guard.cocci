// SPDX-License-Identifier: GPL-2.0
// breaks: removing the write protection of userfaultfd removes the guards in its range
// claim: S3
// rule: legal-calls-work
// file: mm/mprotect.c
// resembles: nothing known
// tests: coherent.*
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
