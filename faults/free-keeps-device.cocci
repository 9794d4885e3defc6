// SPDX-License-Identifier: GPL-2.0
// breaks: a device page that is freed keeps a reference to its device, which cannot be unloaded any more
// claim: S2
// rule: kernel-survives
// file: mm/memremap.c
// resembles: nothing known
// tests: mlock.coherent-ro.filled
// seen: check hang
@@
identifier f = {free_zone_device_folio};
@@
 f(...)
 {
 <...
-percpu_ref_put_many(...);
 ...>
 }
@@
identifier f = {free_zone_device_page};
@@
 f(...)
 {
 <...
-put_dev_pagemap(...);
 ...>
 }
