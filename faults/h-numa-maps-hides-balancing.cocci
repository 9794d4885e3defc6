// SPDX-License-Identifier: GPL-2.0
// breaks: the flag MPOL_F_NUMA_BALANCING is not printed
// claim: S1
// rule: policy-is-shown
// file: mm/mempolicy.c
// history: mm/numa_balancing: teach mpol_to_str about the balancing mode (af649773fb25)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: mappings.*.policy-is-shown
@@
identifier f = {mpol_to_str};
expression flags;
@@
 f(...)
 {
 <...
-if (flags & MPOL_F_NUMA_BALANCING) { ... }
 ...>
 }
