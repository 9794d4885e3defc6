// SPDX-License-Identifier: GPL-2.0
// breaks: a pin of a page of a huge page does not unshare it if the huge page's first page is exclusive
// claim: S7
// rule: pin-unshares
// file: mm/gup.c
// resembles: nothing known
// tests: mixed-huge.last-shared.pinned-for-reading
@@
identifier f = {follow_page_pte, gup_pte_range, gup_fast_pte_range};
symbol vma, flags, page;
@@
 f(...)
 {
 <...
(
-gup_must_unshare(vma, flags, page)
+gup_must_unshare(vma, flags, page) && gup_must_unshare(vma, flags, compound_head(page))
|
-gup_must_unshare(NULL, flags, page)
+gup_must_unshare(NULL, flags, page) && gup_must_unshare(NULL, flags, compound_head(page))
|
-gup_must_unshare(flags, page)
+gup_must_unshare(flags, page) && gup_must_unshare(flags, compound_head(page))
)
 ...>
 }
