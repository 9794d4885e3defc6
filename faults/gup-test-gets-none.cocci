// SPDX-License-Identifier: GPL-2.0
// breaks: GUP returns no page and no error to gup_test
// claim: S7
// rule: short-pin-stays longterm-leaves-device
// file: mm/gup_test.c
// resembles: nothing known
// tests: coherent.rw.pin-slow-read coherent.rw.longterm-slow-read coherent.rw.gup-fast-read
@@
identifier f = {__gup_test_ioctl};
expression list args;
@@
 f(...)
 {
 <...
(
-nr = get_user_pages_fast(args);
+nr = 0;
|
-nr = pin_user_pages_fast(args);
+nr = 0;
|
-nr = get_user_pages(args);
+nr = 0;
|
-nr = pin_user_pages(args);
+nr = 0;
)
 ...>
 }
