// SPDX-License-Identifier: GPL-2.0
// breaks: gup_test returns EINVAL for a dump of a page
// claim: S1
// rule: observers-agree
// file: mm/gup_test.c
// resembles: nothing known
// tests: coherent.cow-shared.cpu-read fork.coherent-rw.readers-share mlock.coherent-rw.fresh-frame
@@
identifier f = {__gup_test_ioctl};
@@
 f(unsigned int cmd, ...)
 {
 <...
+if (cmd == DUMP_USER_PAGES_TEST)
+	return -EINVAL;
 pages = kvcalloc(...);
 ...>
 }
