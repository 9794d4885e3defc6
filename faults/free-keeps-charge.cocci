// SPDX-License-Identifier: GPL-2.0
// breaks: a device page that is freed stays charged to its control group
// claim: S2
// rule: kernel-survives
// file: mm/memremap.c
// resembles: nothing known
// tests: driver.takes-pages
// seen: crash
@@
identifier f = {free_zone_device_folio, free_zone_device_page};
@@
 f(...)
 {
 <...
-mem_cgroup_uncharge(...);
 ...>
 }
