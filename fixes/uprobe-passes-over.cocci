// SPDX-License-Identifier: GPL-2.0
// fixes: a uprobe is written to a page on a coherent device as to one in memory
// finding: uprobe-passes-over
// kernels: 7.3
// file: kernel/events/uprobes.c
// profile: wide
// tests: uprobes.coherent.counted uprobes.coherent.migrated uprobes.coherent.inherited
@@
identifier f = uprobe_write;
identifier folio;
@@
 f(...)
 {
 <...
-folio_is_zone_device(folio)
+(folio_is_zone_device(folio) && !folio_is_device_coherent(folio))
 ...>
 }
