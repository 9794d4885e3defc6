// SPDX-License-Identifier: GPL-2.0
// breaks: a page that is marked as idle stays idle when it is accessed
// claim: S1
// rule: watchers-pass-over
// file: mm/page_idle.c
// profile: wide
// resembles: nothing known
// tests: watched.system-rw.idle
@@
identifier f = {page_idle_bitmap_read};
@@
 f(...)
 {
 <...
-page_idle_clear_pte_refs(...);
 ...>
 }
