// SPDX-License-Identifier: GPL-2.0
// breaks: a hole that is migrated to a device is not charged to the control group
// claim: S3
// rule: accounts-return
// file: mm/migrate_device.c
// resembles: nothing known
// tests: accounts.*.cgroup-charge
@@
identifier f = {migrate_vma_insert_page};
statement S;
@@
 f(...)
 {
 <...
-if (mem_cgroup_charge(...)) S
 ...>
 }
