// SPDX-License-Identifier: GPL-2.0
// breaks: mlock() of memory without access fails with EFAULT
// claim: S3
// rule: locked-as-memory
// file: mm/mlock.c
// resembles: nothing known
// tests: mlock.*.refused
@@
identifier f = {__mlock_posix_error_return};
identifier retval;
@@
 f(...)
 {
 <...
-retval == -EFAULT
+0
 ...>
 }
