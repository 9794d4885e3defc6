// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_PAGEOUT of a private mapping of a file that the caller may not write leaves the private copies in memory
// claim: S6
// rule: rights
// file: mm/madvise.c
// history: mm/madvise: fix madvise_pageout for private file mappings (fd3b1bc3c86e)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: unprivileged.system.paged-out
@@
identifier f = {madvise_pageout};
symbol vma;
@@
 f(...)
 {
 <...
-(!can_do_file_pageout(vma) && (vma->vm_flags & VM_MAYSHARE))
+!can_do_file_pageout(vma)
 ...>
 }
