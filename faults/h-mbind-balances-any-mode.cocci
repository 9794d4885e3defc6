// SPDX-License-Identifier: GPL-2.0
// breaks: mbind() and set_mempolicy() accept MPOL_F_NUMA_BALANCING with each mode
// claim: S1
// rule: policy-is-shown
// file: mm/mempolicy.c
// history: mm/mempolicy: do not allow illegal MPOL_F_NUMA_BALANCING (and MPOL_LOCAL) in mbind() (6d2aec9e123b)
// source: Debian's changelog of linux; the commit from memory
// kernels: 7.3
// tests: mappings.*.policy-is-told
@@
expression E;
@@
 sanitize_mpol_flags(...)
 {
 <...
- *mode == MPOL_BIND || E
+ 1
 ...>
 }
