// SPDX-License-Identifier: GPL-2.0
// breaks: a page that was written is not soft-dirty any more after a device had it exclusively
// claim: S5
// rule: writes-are-tracked
// file: mm/rmap.c
// resembles: nothing known
// tests: exclusive-meets.*.tracked
@@
identifier f = {make_device_exclusive,page_make_device_exclusive_one};
statement S;
@@
 f(...)
 {
 <...
-if (pte_soft_dirty(...)) S
 ...>
 }
