// SPDX-License-Identifier: GPL-2.0
// breaks: a page that cannot be migrated to a device, because it is pinned, keeps a reference for ever
// claim: S4
// rule: failure-loses-nothing
// file: mm/migrate_device.c
// resembles: nothing known
// tests: orders.system-reference.held-then-migrated
@@
identifier f = {migrate_device_unmap};
symbol folio, restore;
@@
 f(...)
 {
 <...
-folio_put(folio);
 restore--;
 ...>
 }
