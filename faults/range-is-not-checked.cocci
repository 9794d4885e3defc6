// SPDX-License-Identifier: GPL-2.0
// breaks: the driver accepts an address inside of a page
// claim: S2
// rule: range-refused
// file: lib/test_hmm.c
// resembles: nothing known
// tests: devices.coherent-rw.arguments-refused
@@
identifier f = {dmirror_fops_unlocked_ioctl};
expression E;
@@
 f(...)
 {
 <...
-if (E & ~PAGE_MASK)
-	return -EINVAL;
 ...>
 }
