// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_GUARD_REMOVE leaves guard regions
// claim: S2
// rule: hole-is-filled migration-is-the-way-in
// file: mm/madvise.c
// resembles: nothing known
// tests: marks.*-guard.removed
@@
identifier f = {guard_remove_pte_entry};
@@
 f(...)
 {
 <...
-pte_clear(...);
 ...>
 }
