// SPDX-License-Identifier: GPL-2.0
// breaks: a copy of a shared page is charged to the root cgroup, not to that of the writer
// claim: S5
// rule: copy-needs-room
// file: mm/memory.c
// resembles: nothing known
// tests: limits.coherent-rw.copied limits.system-rw.copied
@@
identifier f = {wp_page_copy, folio_prealloc};
expression E, M, G;
@@
 f(...)
 {
 <...
-mem_cgroup_charge(E, M, G)
+mem_cgroup_charge(E, &init_mm, G)
 ...>
 }
