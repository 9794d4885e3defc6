// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_POPULATE_READ says EFAULT and not EHWPOISON of a poisoned page
// claim: S3
// rule: legal-calls-work
// file: mm/gup.c
// resembles: nothing known
// tests: coherent.*
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
