// SPDX-License-Identifier: GPL-2.0
// breaks: DAMON ages the pages that a scheme says to page out, and pages out none
// claim: S1
// rule: watchers-pass-over
// file: mm/damon/vaddr.c
// profile: wide
// resembles: nothing known
// tests: watched.*.paged-out-by-damon
@@
identifier f = {damon_va_apply_scheme};
@@
 f(...)
 {
 <...
-MADV_PAGEOUT
+MADV_COLD
 ...>
 }
