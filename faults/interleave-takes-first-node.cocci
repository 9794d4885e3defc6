// SPDX-License-Identifier: GPL-2.0
// breaks: memory with MPOL_INTERLEAVE is all allocated on the first node of the policy
// claim: S5
// rule: copy-by-policy
// file: mm/mempolicy.c
// resembles: nothing known
// tests: numa.*.interleaved
@@
identifier f = {interleave_nid,offset_il_node};
symbol target;
expression E;
@@
 f(...)
 {
 <...
-target = E;
+target = 0;
 ...>
 }
