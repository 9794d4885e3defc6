// SPDX-License-Identifier: GPL-2.0
// breaks: process_vm_writev() that fails after some pages returns only the error
// claim: S7
// rule: partial-transfer
// file: mm/process_vm_access.c
// resembles: nothing known
// tests: coherent.ro.vm-write.half-ro
@@
identifier f = {process_vm_rw_core};
expression rc, done;
@@
 f(...)
 {
 <...
-if (done)
+if (done && !rc)
 rc = done;
 ...>
 }
