// SPDX-License-Identifier: GPL-2.0
// breaks: migration gives up on a page that another process maps as well
// claim: S2
// rule: migration-back
// file: mm/migrate_device.c
// resembles: nothing known
// tests: fork.coherent-rw.migrated-while-shared coherent.cow-shared.migrate-back
@@
identifier f =~ "^(migrate_device_unmap)$";
expression list args;
@@
 f(...)
 {
 <...
-try_to_migrate(args);
+;
 ...>
 }
