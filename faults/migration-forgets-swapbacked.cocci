// SPDX-License-Identifier: GPL-2.0
// breaks: a page that was migrated can be discarded by reclaim as after MADV_FREE
// claim: S3
// rule: back-is-memory
// file: mm/migrate.c
// resembles: nothing known
// tests: reclaim.*
@@
identifier f = {__folio_migrate_mapping, folio_migrate_mapping};
identifier mapping;
expression A, B;
@@
 f(...)
 {
 ...
 if (!mapping) {
 ...
-if (folio_test_swapbacked(A)) __folio_set_swapbacked(B);
 return 0;
 }
 ...
 }
