// SPDX-License-Identifier: GPL-2.0
// breaks: a pin for reading of a shared huge page by slow GUP does not unshare it
// claim: S9
// rule: pin-unshares
// file: mm/gup.c
// resembles: nothing known
// tests: coherent.*
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
