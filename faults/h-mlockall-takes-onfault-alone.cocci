// SPDX-License-Identifier: GPL-2.0
// breaks: mlockall(MCL_ONFAULT) alone succeeds and does nothing
// claim: S9
// rule: locked-within-limit
// file: mm/mlock.c
// history: mm/mlock.c: mlockall error for flag MCL_ONFAULT (dedca63504a2)
// source: the upstream history from memory; the fixed code is in the named kernels
// kernels: 6.1 7.3
// tests: mlock.*.everything
@@
expression E;
@@
-E || flags == MCL_ONFAULT
+E
