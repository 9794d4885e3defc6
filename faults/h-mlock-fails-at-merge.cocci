// SPDX-License-Identifier: GPL-2.0
// breaks: the end of the merged mapping is not used
// claim: S3
// rule: mappings-are-counted
// file: mm/mlock.c
// history: mm/mlock: fix vma iterator conversion of apply_vma_lock_flags() (2658f94d6792)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: mappings.*.locked-across-parts
@@
identifier f = {apply_vma_lock_flags};
identifier tmp;
@@
 f(...)
 {
 <...
-tmp = vma_iter_end(...);
 ...>
 }
