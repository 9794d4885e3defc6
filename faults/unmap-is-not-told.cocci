// SPDX-License-Identifier: GPL-2.0
// breaks: MMU notifiers are not called when pages are freed, unmapped, copied, shared by fork() or found by their frames
// claim: S1
// rule: mirror-is-told
// file: mm/memory.c mm/rmap.c
// resembles: nothing known
// tests: mirror-told.*.freed mirror-told.*.unmapped mirror-told.*.copied mirror-told.*.forked mirror-told.coherent.pinned
@@
identifier f = {copy_page_range, unmap_vmas, zap_page_range_single,
	zap_page_range_single_batched, zap_vma_range_batched, madvise_dontneed_single_vma,
	wp_page_copy, try_to_unmap_one, try_to_migrate_one};
@@
 f(...)
 {
 <...
(
-mmu_notifier_invalidate_range_start(...);
|
-mmu_notifier_invalidate_range_end(...);
|
-mmu_notifier_invalidate_range_only_end(...);
)
 ...>
 }
