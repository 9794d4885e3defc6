// SPDX-License-Identifier: GPL-2.0
// breaks: the driver refuses to migrate memory to a device with ENOMEM
// claim: S2
// rule: legal-calls-work
// file: lib/test_hmm.c
// resembles: nothing known
// tests: coherent.rw.cpu-read driver.takes-pages
@@
identifier f = {dmirror_fops_unlocked_ioctl};
expression ret;
@@
 f(...)
 {
 <...
-ret = dmirror_migrate_to_device(...);
+ret = -ENOMEM;
 ...>
 }
