// SPDX-License-Identifier: GPL-2.0
// breaks: read(2) from an O_DIRECT file takes references to its pages for reading
// claim: S7 S5
// rule: write-needs-vm-write shared-is-copied
// file: lib/iov_iter.c
// resembles: nothing known
// tests: coherent.ro.dio-read coherent.cow-shared.dio-read
@@
identifier flags;
@@
-flags |= FOLL_WRITE;
+;
