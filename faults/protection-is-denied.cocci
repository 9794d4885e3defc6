// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_WRITEPROTECT returns EPERM
// claim: S5
// rule: legal-calls-work
// file: mm/userfaultfd.c
// resembles: nothing known
// tests: coherent.uffd-wp.cpu-write monitor.coherent.unregistered
@@
identifier f = {mwriteprotect_range};
expression mm;
@@
 f(...)
 {
 <...
+if (mm)
+	return -EPERM;
 mmap_read_lock(mm);
 ...>
 }
