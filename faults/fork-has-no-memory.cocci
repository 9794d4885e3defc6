// SPDX-License-Identifier: GPL-2.0
// breaks: fork(2) of a process that mirrors its memory on a device fails with ENOMEM
// claim: S5
// rule: legal-calls-work
// file: kernel/fork.c
// resembles: nothing known
// tests: coherent.cow-shared.cpu-read fork.coherent-rw.parent-writes-first
@@
identifier f = {copy_mm};
identifier oldmm;
@@
 f(...)
 {
 <...
 if (!oldmm) return 0;
+if (mm_has_notifiers(oldmm))
+	return -ENOMEM;
 ...>
 }
