// SPDX-License-Identifier: GPL-2.0
// breaks: MMU notifiers are not called when mremap() or UFFDIO_MOVE moves pages
// claim: S1
// rule: mirror-is-told
// file: mm/mremap.c mm/userfaultfd.c
// resembles: nothing known
// tests: mirror-told.*.moved-leaving mirror-told.*.moved-by-monitor
@@
identifier f =~ "^(move_page_tables|move_pages_ptes|move_pages_pte)$";
@@
 f(...)
 {
 <...
(
-mmu_notifier_invalidate_range_start(...);
|
-mmu_notifier_invalidate_range_end(...);
)
 ...>
 }
