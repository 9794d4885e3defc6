// SPDX-License-Identifier: GPL-2.0
// breaks: reclaim reads a device-exclusive entry as a present one
// claim: S1 S2
// rule: device-exclusive swap-keeps
// file: mm/rmap.c
// history: mm/rmap: handle device-exclusive entries correctly in try_to_unmap_one() (commit not seen)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: exclusive-meets.system.reclaimed
// seen: check crash vm splat hang
@@
identifier f = {try_to_unmap_one};
symbol pteval, folio;
@@
 f(...)
 {
 <...
-pte_present(pteval)
+!folio_is_device_private(folio)
 ...>
 }
