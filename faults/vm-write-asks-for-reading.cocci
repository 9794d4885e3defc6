// SPDX-License-Identifier: GPL-2.0
// breaks: process_vm_writev() takes references to its pages for reading
// claim: S5
// rule: write-needs-vm-write
// file: mm/process_vm_access.c
// resembles: nothing known
// tests: coherent.ro.vm-write
@@
identifier flags;
@@
-flags |= FOLL_WRITE;
+;
