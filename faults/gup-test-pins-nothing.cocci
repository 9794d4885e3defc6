// SPDX-License-Identifier: GPL-2.0
// breaks: gup_test returns that it got all pages, although it took no references
// claim: S7
// rule: pin-unshares longterm-leaves-device write-needs-vm-write
// file: mm/gup_test.c
// resembles: nothing known
// tests: coherent.cow-shared.pin-slow-read coherent.rw.longterm-slow-read
// tests: coherent.ro.gup-slow-write
@@
identifier f = {__gup_test_ioctl};
expression list args;
@@
 f(...)
 {
 <...
(
-nr = get_user_pages_fast(args);
+;
|
-nr = pin_user_pages_fast(args);
+;
|
-nr = get_user_pages(args);
+;
|
-nr = pin_user_pages(args);
+;
|
-nr_pages = i;
+nr_pages = 0;
)
 ...>
 }
