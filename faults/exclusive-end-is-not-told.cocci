// SPDX-License-Identifier: GPL-2.0
// breaks: the device is not told that its exclusive access has ended
// claim: S1
// rule: device-exclusive
// file: mm/memory.c
// resembles: nothing known
// tests: exclusive-meets.*.locked exclusive-meets.*.read-from-outside exclusive-meets.*.held exclusive-meets.*.pinned
@@
identifier f = {remove_device_exclusive_entry};
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
