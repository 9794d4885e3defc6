// SPDX-License-Identifier: GPL-2.0
// breaks: PR_SET_MEMORY_MERGE with 0 leaves the memory of the process mergeable and merged
// claim: S2
// rule: merged-is-shared
// file: mm/ksm.c
// history: mm/ksm: unmerge and clear VM_MERGEABLE when setting PR_SET_MEMORY_MERGE=0 (24139c07f413)
// source: upstream history; the code is in the named kernel
// kernels: 7.3
// tests: ksm-meets.whole-process

@@
identifier err;
@@
 ksm_disable_merge_any(...)
 {
 ...
- err = ksm_del_vmas(mm);
- if (err) {...}
+ err = 0;
 ...
 }
