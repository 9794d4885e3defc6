// SPDX-License-Identifier: GPL-2.0
// breaks: the device that mirrors anonymous memory is not told that its pages are collapsed
// claim: S1
// rule: mirror-is-told
// file: mm/khugepaged.c
// resembles: nothing known
// tests: collapse.mirrored collapse-states.*.seen-by-device
@@
identifier f = {collapse_huge_page};
@@
 f(...)
 {
 <...
-mmu_notifier_invalidate_range_start(...);
 ...>
 }
@@
identifier f = {collapse_huge_page};
@@
 f(...)
 {
 <...
-mmu_notifier_invalidate_range_end(...);
 ...>
 }
