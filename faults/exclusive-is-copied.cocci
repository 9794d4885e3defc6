// SPDX-License-Identifier: GPL-2.0
// breaks: a write fault on an exclusive device page copies it
// claim: S5
// rule: exclusive-is-reused
// file: mm/memory.c
// resembles: the effect of the reference count offset on do_wp_page(), as described in the thread
// tests: coherent.soft-dirty.cpu-write coherent.soft-dirty.pin-fast-write
// quick: make check runs this fault for its claim
@@
identifier f = {do_wp_page};
expression page, E;
@@
 f(...)
 {
 <...
(
-PageAnonExclusive(page) || E
+!is_device_coherent_page(page) && (PageAnonExclusive(page) || E)
|
-PageAnonExclusive(page)
+(PageAnonExclusive(page) && !is_device_coherent_page(page))
)
 ...>
 }
@@
identifier f = {do_wp_page};
expression folio;
@@
 f(...)
 {
 <...
-folio_ref_count(folio) != 1
+(folio_ref_count(folio) != 1 || folio_is_device_coherent(folio))
 ...>
 }
