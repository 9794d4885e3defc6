// SPDX-License-Identifier: GPL-2.0
// breaks: the write that replaces the huge zero page does not tell the device that mirrors it
// claim: S1
// rule: mirror-is-told
// file: mm/huge_memory.c
// resembles: nothing known
// tests: huge.*.zero-page-written
@@
identifier f = {do_huge_zero_wp_pmd};
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
