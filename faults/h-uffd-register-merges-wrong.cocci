// SPDX-License-Identifier: GPL-2.0
// breaks: the wrong previous mapping is used when the start address splits a mapping
// claim: S2
// rule: nothing-else-changes
// file: fs/userfaultfd.c
// history: mm/uffd: fix vma operation where start addr cuts part of vma (270aa0106206)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1
// tests: *
@@
identifier f = {userfaultfd_register};
expression vma, start, prev;
@@
 f(...)
 {
 <...
-if (vma->vm_start < start)
-	prev = vma;
 ...>
 }
