// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() of several mappings, the first of which cannot be moved with others, moves the first and then fails
// claim: S2
// rule: remapped
// file: mm/mremap.c
// history: mm/mremap: catch invalid multi VMA moves earlier (d5f416c7c364)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: mappings.*.remap-watched-first
@@
identifier f = {remap_move};
identifier vma, end;
@@
 f(...)
 {
 <...
-if (vma->vm_end < end)
-	return -EFAULT;
 ...>
 }
