// SPDX-License-Identifier: GPL-2.0
// breaks: a huge page that is mapped in part is not split under memory pressure any more once it was migrated
// claim: S2
// rule: huge-is-split
// file: mm/migrate.c
// history: mm: migrate: requeue destination folio on deferred split queue (8a8ca142a488)
// source: Debian's changelog of linux 6.12.95, stable update
// kernels: 7.3
// tests: numa.system.huge-underused
@@
identifier f = {migrate_folio_move};
identifier src_deferred_split, dst, src_partially_mapped;
@@
 f(...)
 {
 <...
-if (src_deferred_split)
-	deferred_split_folio(dst, src_partially_mapped);
 ...>
 }
