// SPDX-License-Identifier: GPL-2.0
// breaks: slow GUP of several pages of a huge page returns the first of them for all
// claim: S7
// rule: bytes-arrive
// file: mm/gup.c
// resembles: nothing known
// tests: long-ranges.coherent.of-huge-page

@@
@@
 __get_user_pages(...)
 {
 <...
- subpage = page + j;
+ subpage = page;
 ...>
 }
