// SPDX-License-Identifier: GPL-2.0
// breaks: the copy of a page of a private file mapping leaves the page counted in RssFile
// claim: S3
// rule: accounts-return
// file: mm/memory.c
// resembles: nothing known
// tests: file-pages.*
@@
identifier f = {wp_page_copy};
expression A, B;
@@
 f(...)
 {
 <...
-dec_mm_counter(A, B);
 ...>
 }
