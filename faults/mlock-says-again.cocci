// SPDX-License-Identifier: GPL-2.0
// breaks: mlock(2) fails with EAGAIN
// claim: S5
// rule: legal-calls-work
// file: mm/mlock.c
// resembles: nothing known
// tests: mlock.coherent-rw.locked-memory-migrates
@@
identifier f = {do_mlock};
@@
 f(unsigned long start, size_t len, ...)
 {
 <...
-if (!can_do_mlock()) return -EPERM;
+if (!can_do_mlock() || len)
+	return -EAGAIN;
 ...>
 }
