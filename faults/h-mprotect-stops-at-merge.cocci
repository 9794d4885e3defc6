// SPDX-License-Identifier: GPL-2.0
// breaks: mprotect() of several mappings ends with ENOMEM where one of them merges with the next
// claim: S5
// rule: protection-as-asked
// file: mm/mprotect.c
// history: mm/mprotect: fix successful vma_merge() of next in do_mprotect_pkey() (commit not seen)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 6.12 7.3
// tests: whole-range.mprotect.joined-on-the-way
@@
identifier f = {do_mprotect_pkey};
symbol tmp, vmi, nstart;
@@
 f(...)
 {
 <...
-tmp = vma_iter_end(&vmi);
 nstart = tmp;
 ...>
 }
