// SPDX-License-Identifier: GPL-2.0
// breaks: a device page that is freed stays charged to its memcg
// claim: S3
// rule: accounts-return freed-to-the-driver
// file: mm/memremap.c
// resembles: nothing known
// tests: accounts.coherent.cgroup-charge
@@
identifier f = {free_zone_device_page, free_zone_device_folio};
expression list args;
@@
 f(...)
 {
 <...
-mem_cgroup_uncharge(args);
+;
 ...>
 }
