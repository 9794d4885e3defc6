// SPDX-License-Identifier: GPL-2.0
// breaks: a successful pin of the zero page returns an error
// claim: S7
// rule: zero-page-not-pinned
// file: mm/gup.c
// history: mm: Fix is_zero_page() usage in try_grab_page() (stable only)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1
// tests: zero-page.*.pinned
@@
identifier f = {try_grab_page};
expression page;
@@
 f(...)
 {
 <...
 if (is_zero_page(page))
-	return true;
+	return false;
 ...>
 }
