// SPDX-License-Identifier: GPL-2.0
// breaks: the write that replaces the huge zero page does not tell the device that mirrors it
// claim: S5
// rule: device-reads-the-same
// file: mm/huge_memory.c
// resembles: nothing known
// tests: coherent.*
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
