// SPDX-License-Identifier: GPL-2.0
// breaks: KSM does not count the pages that it replaces by the zero page
// claim: S3
// rule: zero-pages-counted
// file: mm/ksm.c
// resembles: nothing known
// tests: ksm-zero.replaced ksm-zero.freed
@@
identifier f = {replace_page};
@@
 f(...)
 {
 <...
(
-ksm_map_zero_page(...);
|
-ksm_zero_pages++;
|
-mm->ksm_zero_pages++;
)
 ...>
 }
