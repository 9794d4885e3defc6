// SPDX-License-Identifier: GPL-2.0
// breaks: slow GUP lets a page stay on the device that is pinned for long to be written
// claim: S7 S9
// rule: longterm-leaves-device longterm-leaves-movable
// file: mm/gup.c
// resembles: nothing known
// tests: coherent.rw.longterm-slow-write coherent.rw.ring-register
@@
identifier f =~ "^(__gup_longterm_locked)$";
identifier gup_flags;
@@
 f(...)
 {
 <...
-!(gup_flags & FOLL_LONGTERM)
+(!(gup_flags & FOLL_LONGTERM) || (gup_flags & FOLL_WRITE))
 ...>
 }
