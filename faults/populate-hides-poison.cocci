// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_POPULATE_READ says EFAULT and not EHWPOISON of a poisoned page
// claim: S2
// rule: poison-is-not-read
// file: mm/gup.c
// resembles: nothing known
// tests: hwpoison.*.neighbour
@@
identifier f = {faultin_page_range};
@@
 f(...)
 {
 <...
-FOLL_TOUCH | FOLL_HWPOISON | FOLL_UNLOCKABLE | FOLL_MADV_POPULATE
+FOLL_TOUCH | FOLL_UNLOCKABLE | FOLL_MADV_POPULATE
 ...>
 }
