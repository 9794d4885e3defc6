// SPDX-License-Identifier: GPL-2.0
// breaks: pages of a mapping with MPOL_BIND are allocated on any node
// claim: S2
// rule: legal-calls-work
// file: mm/mempolicy.c
// resembles: nothing known
// tests: *.rw.cpu-read
@@
identifier f = {policy_nodemask};
expression nodes;
@@
 f(...)
 {
 <...
-cpuset_nodemask_valid_mems_allowed(nodes)
+cpuset_nodemask_valid_mems_allowed(nodes) && !nodes
 ...>
 }
