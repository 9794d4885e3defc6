// SPDX-License-Identifier: GPL-2.0
// breaks: the scan of NUMA balancing takes no permission away
// claim: S1
// rule: balancing-passes-over
// file: mm/mempolicy.c
// resembles: nothing known
// tests: balancing.scanned
@@
identifier f = {change_prot_numa};
@@
 f(...)
 {
 <...
-change_protection(...)
+0
 ...>
 }
