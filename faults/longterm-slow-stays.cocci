// SPDX-License-Identifier: GPL-2.0
// breaks: slow GUP collects nothing to migrate before a long-term pin (as 1aaf8c122918 did, fixed by 517f496e1e61)
// claim: S7 S9
// rule: longterm-leaves-device longterm-leaves-movable
// file: mm/gup.c
// tests: coherent.rw.longterm-slow-read coherent.rw.longterm-slow-write coherent.rw.ring-register fixed-buffers.coherent-rw.registration
@@
identifier f =~ "^check_and_migrate_movable_pages$";
@@
 f(...)
 {
+	return 0;
 	...
 }
