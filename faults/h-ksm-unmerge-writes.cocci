// SPDX-License-Identifier: GPL-2.0
// breaks: unmerging uses write faults instead of unsharing
// claim: S5
// rule: merged-is-shared
// file: mm/ksm.c
// history: mm/ksm: fix KSM COW breaking with userfaultfd-wp via FAULT_FLAG_UNSHARE (58f595c66594)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: ksm-meets.unmerged-protected
@@
identifier f = {break_ksm};
@@
 f(...)
 {
 <...
-FAULT_FLAG_UNSHARE
+FAULT_FLAG_WRITE
 ...>
 }
