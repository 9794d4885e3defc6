// SPDX-License-Identifier: GPL-2.0
// breaks: the memcg charge does not follow a page that migrates
// claim: S2 S3
// rule: accounts-return migration-is-the-way-in charge-moves
// file: mm/migrate.c
// resembles: nothing known
// tests: accounts.coherent.cgroup-charge limits.coherent-rw.migrated
@@
identifier f = {folio_migrate_flags};
expression A, B;
@@
 f(...)
 {
 <...
-mem_cgroup_migrate(A, B);
+if (!folio_is_zone_device(B))
+	mem_cgroup_migrate(A, B);
 ...>
 }
