// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_POPULATE_WRITE of a read-only mapping returns success
// claim: S7 S5
// rule: write-needs-vm-write
// file: mm/madvise.c
// resembles: nothing known
// tests: coherent.ro.populate-write
@@
identifier f = {madvise_populate};
@@
 f(...)
 {
 <...
-return -EINVAL;
+return 0;
 ...>
 }
