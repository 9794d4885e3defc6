// SPDX-License-Identifier: GPL-2.0
// breaks: MMU notifiers are not called when mprotect(), userfaultfd or clear_refs changes the permissions of pages
// claim: S1
// rule: mirror-is-told
// file: mm/mprotect.c fs/proc/task_mmu.c
// resembles: nothing known
// tests: mirror-told.*.protected mirror-told.*.write-protected mirror-told.*.soft-dirty-cleared
@@
identifier f = {change_pmd_range, change_pud_range, clear_refs_write};
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
