// SPDX-License-Identifier: GPL-2.0
// breaks: a pin for reading of a shared huge page by GUP-fast does not unshare it
// claim: S7
// rule: pin-unshares
// file: mm/gup.c
// resembles: nothing known
// tests: huge-held.huge.pinned-fast-while-shared
@@
identifier f = {gup_fast_pmd_leaf,gup_huge_pmd};
@@
 f(...)
 {
 <...
-gup_must_unshare(...)
+0
 ...>
 }
