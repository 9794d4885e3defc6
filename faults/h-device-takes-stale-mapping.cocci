// SPDX-License-Identifier: GPL-2.0
// breaks: a page that was in the swap cache is migrated to a device with the mapping that it had there
// claim: S2
// rule: migration-is-the-way-in
// file: mm/migrate_device.c
// history: mm/migrate_device: refresh the mapping after folio_free_swap() (commit not seen)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: reclaim.*.swap-cache
// seen: splat crash hang
@@
identifier f = {__migrate_device_pages};
symbol mapping, folio, r, newfolio, extra_cnt;
@@
 f(...)
 {
 <...
-mapping = folio_mapping(folio);
 r = folio_migrate_mapping(mapping, newfolio, folio, extra_cnt);
 ...>
 }
