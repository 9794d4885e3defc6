// SPDX-License-Identifier: GPL-2.0
// breaks: a page that is migrated to a device is zeroed
// claim: S2
// rule: migration-is-the-way-in nothing-else-changes bytes-arrive
// file: lib/test_hmm.c
// resembles: nothing known
// tests: driver.takes-pages coherent.rw.cpu-read coherent.ro.vm-read
@@
identifier f = {dmirror_migrate_alloc_and_copy};
expression A, B;
@@
 f(...)
 {
 <...
-copy_highpage(A, B);
+clear_highpage(A);
 ...>
 }
