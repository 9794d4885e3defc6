// SPDX-License-Identifier: GPL-2.0
// breaks: the kernel prints a warning when a device page is freed
// claim: S3
// rule: freed-to-the-driver kernel-survives
// file: mm/memremap.c
// resembles: nothing known
// tests: zap.coherent-rw.munmap coherent.rw.cpu-read
// seen: splat
@@
identifier f = {free_zone_device_page, free_zone_device_folio};
@@
 f(...)
 {
 <...
+WARN_ON_ONCE(1);
 mem_cgroup_uncharge(...);
 ...>
 }
