// SPDX-License-Identifier: GPL-2.0
// breaks: a pin for reading of a shared huge page by slow GUP does not unshare it
// claim: S7
// rule: pin-unshares
// file: mm/gup.c
// resembles: nothing known
// tests: huge-held.huge.pinned-while-shared
@@
identifier f = {follow_huge_pmd};
expression A, B, C;
@@
 f(...)
 {
 <...
-gup_must_unshare(A, B, C)
+false
 ...>
 }
