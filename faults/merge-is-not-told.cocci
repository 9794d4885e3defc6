// SPDX-License-Identifier: GPL-2.0
// breaks: the device that mirrors memory is not told that KSM merges its pages
// claim: S1
// rule: mirror-is-told
// file: mm/ksm.c
// resembles: nothing known
// tests: ksm-meets.mirrored
@@
identifier f = {write_protect_page,replace_page};
@@
 f(...)
 {
 <...
-mmu_notifier_invalidate_range_start(...);
 ...>
 }
@@
identifier f = {write_protect_page,replace_page};
@@
 f(...)
 {
 <...
-mmu_notifier_invalidate_range_end(...);
 ...>
 }
