// SPDX-License-Identifier: GPL-2.0
// breaks: GUP for reading does not fill a page of anonymous memory that was never touched
// claim: S2
// rule: hole-is-filled
// file: mm/gup.c
// resembles: nothing known
// tests: coherent.rw.vm-read.hole
@@
identifier f = {no_page_table};
identifier flags;
@@
 f(..., unsigned int flags, ...)
 {
 <...
-(flags & FOLL_DUMP)
+((flags & FOLL_DUMP) || !(flags & FOLL_WRITE))
 ...>
 }
