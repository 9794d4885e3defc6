// SPDX-License-Identifier: GPL-2.0
// breaks: migration fails for a page that another process also maps
// claim: S2
// rule: migration-back
// file: mm/migrate_device.c
// resembles: nothing known
// tests: fork.coherent-rw.migrated-while-shared coherent.cow-shared.migrate-back
@@
identifier f = {migrate_device_unmap};
expression list args;
@@
 f(...)
 {
 <...
-try_to_migrate(args);
+;
 ...>
 }
