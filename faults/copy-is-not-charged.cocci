// SPDX-License-Identifier: GPL-2.0
// breaks: a copy of a shared page is not charged to the memory cgroup
// claim: S5
// rule: copy-needs-room
// file: mm/memory.c
// resembles: nothing known
// tests: limits.coherent-rw.copied limits.system-rw.copied
@@
identifier f =~ "^(wp_page_copy|folio_prealloc)$";
expression E;
@@
 f(...)
 {
 <...
-mem_cgroup_charge(E, ...)
+((void)E, 0)
 ...>
 }
