// SPDX-License-Identifier: GPL-2.0
// breaks: fork() does not count a page on the private device in the RSS of the child
// claim: S3
// rule: accounts-return
// file: mm/memory.c
// resembles: nothing known
// tests: fork.system-*.counted
@@
identifier f = {copy_nonpresent_pte};
expression A, B, C, D;
@@
 f(...)
 {
 <...
 folio_get(A);
-rss[mm_counter(B)]++;
 ...>
 }
@@
identifier f = {copy_nonpresent_pte};
expression A, B;
@@
 f(...)
 {
 <...
 get_page(A);
-rss[mm_counter(B)]++;
 ...>
 }
