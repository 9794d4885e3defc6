// SPDX-License-Identifier: GPL-2.0
// breaks: fork() write-protects the parent's pages without telling the device that mirrors them
// claim: S1
// rule: mirror-is-told
// file: mm/memory.c
// resembles: nothing known
// tests: mirror-told.*.forked mirror-told.*.copied
@@
identifier f = {copy_page_range};
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
