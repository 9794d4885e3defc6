// SPDX-License-Identifier: GPL-2.0
// breaks: FOLL_GET for reading unshares a page
// claim: S7
// rule: get-leaves-shared
// file: mm/gup.c
// resembles: nothing known
// tests: private.cow-shared.cpu-read private.cow-shared.child-read
// A look at a page through gup_test takes such a reference itself. With this fault, a look before
// the access changes the page, and a look after it fails the test.
@@
identifier f = {follow_page_pte, gup_pte_range, gup_fast_pte_range};
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
