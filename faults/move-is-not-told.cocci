// SPDX-License-Identifier: GPL-2.0
// breaks: MMU notifiers are not called when UFFDIO_MOVE moves pages
// claim: S1
// rule: mirror-is-told
// file: mm/userfaultfd.c
// resembles: nothing known
// tests: mirror-told.*.moved-by-monitor
@@
identifier f = {move_pages_ptes, move_pages_pte};
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
