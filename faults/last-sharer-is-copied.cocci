// SPDX-License-Identifier: GPL-2.0
// breaks: a write by the last process that maps a device page makes a copy
// claim: S5
// rule: last-sharer-reuses
// file: mm/memory.c
// resembles: the reference count offset, as discussed in the thread: pages are always copied, never reused
// tests: coherent.cow-left.cpu-write fork.coherent-rw.parent-writes-after-exit
@@
identifier f = {do_wp_page, wp_can_reuse_anon_folio};
expression folio;
@@
 f(...)
 {
 <...
-folio_ref_count(folio) != 1
+(folio_ref_count(folio) != 1 || folio_is_device_coherent(folio))
 ...>
 }
