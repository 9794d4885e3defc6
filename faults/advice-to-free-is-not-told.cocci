// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_FREE does not tell the device that mirrors the memory
// claim: S1
// rule: mirror-is-told
// file: mm/madvise.c
// resembles: nothing known
// tests: mirror-told.*.advised-free
@@
identifier f = {madvise_free_single_vma};
@@
 f(...)
 {
 <...
(
-mmu_notifier_invalidate_range_start(&range);
|
-mmu_notifier_invalidate_range_end(&range);
)
 ...>
 }
