// SPDX-License-Identifier: GPL-2.0
// breaks: the unified hierarchy does not offer the controller of cpusets
// claim: S2
// rule: features-as-known
// file: kernel/cgroup/cgroup.c
// resembles: nothing known
// tests: interfaces.cpuset.exist
@@
@@
 cgroup_init(...)
 {
 <...
-cgrp_dfl_root.subsys_mask |= 1 << ss->id;
+if (strcmp(ss->name, "cpuset"))
+	cgrp_dfl_root.subsys_mask |= 1 << ss->id;
 ...>
 }
