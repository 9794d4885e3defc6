// SPDX-License-Identifier: GPL-2.0
// breaks: mprotect() takes all pages of a batch for exclusive or shared as its first page is
// claim: S5
// rule: shared-is-copied nobody-sees-the-other
// file: mm/mprotect.c
// resembles: the error that mm: optimize mprotect() by PTE batching had in its first versions
// tests: mixed-huge.last-shared.read-only-and-back
@@
identifier f = {page_anon_exclusive_batch, page_anon_exclusive_sub_batch};
identifier start, len;
@@
 f(int start, int len, ...)
 {
 ...
-return ...;
+return len;
 }
