// SPDX-License-Identifier: GPL-2.0
// breaks: a device page that is freed stays charged to its control group
// claim: S3
// rule: page-counters-balance
// file: mm/memremap.c
// resembles: nothing known
// tests: coherent.*
@@
identifier f = {free_zone_device_folio, free_zone_device_page};
@@
 f(...)
 {
 <...
-mem_cgroup_uncharge(...);
 ...>
 }
