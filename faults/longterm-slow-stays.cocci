// SPDX-License-Identifier: GPL-2.0
// breaks: slow GUP collects no pages to migrate before a long-term pin
// claim: S7 S9
// rule: longterm-leaves-device longterm-leaves-movable
// file: mm/gup.c
// resembles: 4.x, before 9a4e9f3b2d73 (mm: update get_user_pages_longterm to migrate pages allocated from CMA region)
// tests: coherent.rw.longterm-slow-read coherent.rw.longterm-slow-write coherent.rw.ring-register fixed-buffers.coherent-rw.registration
// tests: exclusive-meets.coherent.pinned
// quick: make check runs this fault for its claim
@@
identifier f = {check_and_migrate_movable_pages};
@@
 f(...)
 {
+	return 0;
 	...
 }
