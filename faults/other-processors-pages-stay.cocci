// SPDX-License-Identifier: GPL-2.0
// breaks: migration to a device does not take pages that lie in a batch of another processor
// claim: S2
// rule: migration-is-the-way-in
// file: mm/migrate_device.c
// resembles: nothing known
// tests: pin-batches.new-pages.migrated
@@
identifier f = {migrate_device_unmap};
symbol allow_drain;
@@
 f(...)
 {
 <...
-lru_add_drain_all();
 allow_drain = false;
 ...>
 }
