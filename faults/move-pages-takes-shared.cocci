// SPDX-License-Identifier: GPL-2.0
// breaks: move_pages(MPOL_MF_MOVE) moves pages that another process maps too
// claim: S6
// rule: shared-by-all
// file: mm/migrate.c
// resembles: nothing known
// tests: numa.system.shared
@@
identifier f = {__add_folio_for_migration};
symbol folio, migrate_all;
@@
 f(...)
 {
 <...
-if (folio_maybe_mapped_shared(folio) && !migrate_all)
-	return -EACCES;
 ...>
 }
