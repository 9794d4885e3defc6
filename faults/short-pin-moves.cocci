// SPDX-License-Identifier: GPL-2.0
// breaks: a FOLL_PIN without FOLL_LONGTERM moves the page to system memory
// claim: S7
// rule: short-pin-stays
// file: mm/gup.c
// resembles: nothing known
// tests: coherent.rw.pin-slow-read coherent.rw.pin-slow-write
@@
identifier f = {__gup_longterm_locked};
identifier gup_flags;
@@
 f(...)
 {
 <...
-!(gup_flags & FOLL_LONGTERM)
+!(gup_flags & (FOLL_LONGTERM | FOLL_PIN))
 ...>
 }
