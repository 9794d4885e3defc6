// SPDX-License-Identifier: GPL-2.0
// breaks: a device page that is freed keeps the anon_vma of its last user
// claim: S3
// rule: freed-to-the-driver longterm-leaves-device
// file: mm/memremap.c
// resembles: 7ab0ad0e74f8 (mm/hmm: fix ZONE_DEVICE anon page mapping reuse) reverted
// tests: tracking.coherent-rw.empty-range-rmap
@@
identifier f = {free_zone_device_page};
expression E;
@@
 f(...)
 {
 <...
-E->mapping = NULL;
+;
 ...>
 }
