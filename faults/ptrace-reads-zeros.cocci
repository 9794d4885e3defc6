// SPDX-License-Identifier: GPL-2.0
// breaks: ptrace and /proc/PID/mem read zeros from a page on a device
// claim: S7
// rule: bytes-arrive
// file: mm/memory.c
// resembles: nothing known
// tests: coherent.rw.ptrace-peek coherent.ro.ptrace-peek
@@
identifier f = {__access_remote_vm};
expression A, B, C, D, E, F;
@@
 f(...)
 {
 <...
+if (is_device_coherent_page(B))
+	memset(D, 0, F);
+else
 copy_from_user_page(A, B, C, D, E, F);
 ...>
 }
