// SPDX-License-Identifier: GPL-2.0
// breaks: a write fault on a shared device page reuses it
// claim: S5
// rule: nobody-sees-the-other shared-is-copied
// file: mm/memory.c
// resembles: 09854ba94c6a (mm: do_wp_page() simplification) and the code before it
// tests: coherent.cow-shared.cpu-write fork.coherent-rw.parent-writes-first
@@
identifier f = {do_wp_page};
expression page;
@@
 f(...)
 {
 <...
-PageAnonExclusive(page)
+(PageAnonExclusive(page) || is_device_coherent_page(page))
 ...>
 }
