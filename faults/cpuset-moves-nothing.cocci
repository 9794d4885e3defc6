// SPDX-License-Identifier: GPL-2.0
// breaks: a change of cpuset.mems moves no memory
// claim: S5
// rule: cpuset-binds
// file: kernel/cgroup/cpuset.c
// resembles: nothing known
// tests: numa.coherent-rw.cpuset-moves
@@
identifier f = cpuset_migrate_mm_workfn;
@@
 f(...)
 {
 <...
-do_migrate_pages(...);
+;
 ...>
 }
