// SPDX-License-Identifier: GPL-2.0
// breaks: move_pages() that stops at a page that stays returns one page less than it left
// claim: S6
// rule: counts-what-stays
// file: mm/migrate.c
// history: migrate: fix syscall move_pages() return value for failure (7ca8783ad7d2)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: numa.system.some-stay
@@
identifier f = {move_pages_and_store_status};
symbol err, nr_pages, i;
@@
 f(...)
 {
 <...
-err += nr_pages - i;
+err += nr_pages - i - 1;
 ...>
 }
