// SPDX-License-Identifier: GPL-2.0
// breaks: FOLL_GET for reading breaks the sharing of a page
// claim: S7
// rule: get-leaves-shared
// file: mm/gup.c
// resembles: nothing known
// tests: private.cow-shared.cpu-read private.cow-shared.child-read
// A look at a page through gup_test is such a reference itself. What looks before the access is broken by this fault, what looks afterwards fails.
@@
identifier f =~ "^(follow_page_pte|gup_pte_range|gup_fast_pte_range)$";
expression vma, page;
identifier flags;
@@
 f(...)
 {
 <...
(
-gup_must_unshare(flags, page)
+gup_must_unshare(flags | FOLL_PIN, page)
|
-gup_must_unshare(vma, flags, page)
+gup_must_unshare(vma, flags | FOLL_PIN, page)
)
 ...>
 }
