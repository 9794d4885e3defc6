// SPDX-License-Identifier: GPL-2.0
// breaks: the upper half of a mapping's flags is cleared
// claim: S2
// rule: flags-stay
// file: mm/ksm.c
// history: mm/ksm: fix flag-dropping behavior in ksm_madvise (f04aad36a07c, CVE-2025-40040)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 6.1 7.3
// tests: vma-flags.minor.* vma-flags.sealed.*
@@
identifier f = {ksm_madvise};
identifier vm_flags;
@@
 f(...)
 {
 <...
- *vm_flags &= ~VM_MERGEABLE;
+ *vm_flags &= (unsigned int)~VM_MERGEABLE;
 ...>
 }
