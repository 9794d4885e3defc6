// SPDX-License-Identifier: GPL-2.0
// breaks: FOLL_GET for reading breaks the sharing of a page
// claim: S7
// rule: get-leaves-shared
// file: mm/gup.c
// resembles: nothing known
// tests: coherent.cow-shared.gup-slow-read coherent.cow-shared.vmsplice
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
