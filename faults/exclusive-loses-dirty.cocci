// SPDX-License-Identifier: GPL-2.0
// breaks: a device that gets a page exclusively loses the dirty bit of its entry
// claim: S2
// rule: swap-keeps
// file: mm/rmap.c
// resembles: nothing known
// tests: exclusive-meets.system.freed-then-written
@@
identifier f = {make_device_exclusive,page_make_device_exclusive_one};
statement S;
@@
 f(...)
 {
 <...
-if (pte_dirty(...)) S
 ...>
 }
