// SPDX-License-Identifier: GPL-2.0
// breaks: a process that moves to a cpuset without nodes of its own loses the nodes of its memory policy
// claim: S5
// rule: cpuset-binds
// file: kernel/cgroup/cpuset.c
// history: cgroup/cpuset: rebind mm mempolicy to effective_mems, not mems_allowed (commit not seen)
// source: Debian's changelog of linux 7.2.13, stable update
// kernels: 7.3
// tests: numa.*.cpuset-policy
@@
identifier f = {cpuset_attach_mm, cpuset_attach_old_cs, cpuset_attach, cpuset_attach_task, cpuset_migrate_attach};
identifier mm, cs;
@@
 f(...)
 {
 <...
-mpol_rebind_mm(mm, &cs->effective_mems);
+mpol_rebind_mm(mm, &cs->mems_allowed);
 ...>
 }
