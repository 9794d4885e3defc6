// SPDX-License-Identifier: GPL-2.0
// breaks: the snapshot of a device shows a page on another coherent device as its own
// claim: S1
// rule: observers-agree
// file: lib/test_hmm.c
// resembles: nothing known
// tests: system.*.migrate-away
@@
identifier f = {dmirror_mkentry};
@@
 f(...)
 {
 <...
-HMM_DMIRROR_PROT_DEV_COHERENT_REMOTE
+HMM_DMIRROR_PROT_DEV_COHERENT_LOCAL
 ...>
 }
