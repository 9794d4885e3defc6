// SPDX-License-Identifier: GPL-2.0
// breaks: dmirror_fault() of a process that has exited returns success without mapping anything
// claim: S2
// rule: mirror-of-opener kernel-survives
// file: lib/test_hmm.c
// history: lib/test_hmm: fail dmirror_fault() when the mirrored mm is gone (CVE-2026-90391)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: devices.*.opener-gone-access
// seen: check hang
@@
identifier f = {dmirror_fault};
expression mm;
@@
 f(...)
 {
 <...
 if (!mmget_not_zero(mm))
-	return -EFAULT;
+	return 0;
 ...>
 }
