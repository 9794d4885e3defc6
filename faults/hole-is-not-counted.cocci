// SPDX-License-Identifier: GPL-2.0
// breaks: a hole that is migrated to a device is not counted in the RSS
// claim: S2 S3
// rule: accounts-return
// file: mm/migrate_device.c
// resembles: nothing known
// tests: accounts.coherent.resident-set
@@
identifier f = {migrate_vma_insert_page};
expression list args;
@@
 f(...)
 {
 <...
-inc_mm_counter(args);
+;
 ...>
 }
