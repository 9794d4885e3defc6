// SPDX-License-Identifier: GPL-2.0
// breaks: the driver finds no free page, so that no page is migrated to a device
// claim: S2
// rule: migration-is-the-way-in
// file: lib/test_hmm.c
// resembles: nothing known
// tests: driver.takes-pages coherent.rw.cpu-read
@@
identifier f = {dmirror_devmem_alloc_page};
expression E;
statement S;
@@
 f(...)
 {
 <...
+return NULL;
 if (dmirror_is_private_zone(E)) S
 ...>
 }
