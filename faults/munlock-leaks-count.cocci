// SPDX-License-Identifier: GPL-2.0
// breaks: munlock() does not decrement Mlocked of /proc/meminfo
// claim: S3
// rule: locked-as-memory
// file: mm/mlock.c
// resembles: nothing known
// tests: mlock.coherent-rw.*
@@
expression A, nr_pages;
@@
(
-mod_zone_page_state(A, NR_MLOCK, -nr_pages);
+(void)(A);
|
-zone_stat_mod_folio(A, NR_MLOCK, -nr_pages);
+(void)(A);
)
