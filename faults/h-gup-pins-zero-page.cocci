// SPDX-License-Identifier: GPL-2.0
// breaks: FOLL_PIN takes references to the zero page
// claim: S7
// rule: zero-page-not-pinned
// file: mm/gup.c
// history: mm: Don't pin ZERO_PAGE in pin_user_pages() (c8070b787519)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: zero-page.*.pinned
@@
identifier f = {try_grab_folio, try_grab_folio_fast, try_grab_page};
expression E;
@@
 f(...)
 {
 <...
(
-if (is_zero_page(...))
-	return E;
|
-if (is_zero_folio(...))
-	return E;
)
 ...>
 }

@@
identifier f = {gup_put_folio};
@@
 f(...)
 {
 <...
-if (is_zero_folio(...))
-	return;
 ...>
 }
