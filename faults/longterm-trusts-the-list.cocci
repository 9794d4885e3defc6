// SPDX-License-Identifier: GPL-2.0
// breaks: slow GUP migrates nothing if it found no movable page of system memory
// claim: S7
// rule: longterm-leaves-device
// file: mm/gup.c
// resembles: 1aaf8c122918 (mm: gup: fix infinite loop within __get_longterm_locked), fixed by 517f496e1e61
// tests: coherent.rw.longterm-slow-read coherent.rw.ring-register
@@
identifier f = {check_and_migrate_movable_pages, check_and_migrate_movable_pages_or_folios};
identifier collected, list;
identifier E;
@@
 f(...)
 {
 <...
 collected = E(&list, ...);
-if (!collected)
+if (list_empty(&list))
 	return 0;
 ...>
 }
