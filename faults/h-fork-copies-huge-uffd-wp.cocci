// SPDX-License-Identifier: GPL-2.0
// breaks: the child of fork() inherits the protection bit of userfaultfd of a huge page, although it has no userfaultfd
// claim: S5
// rule: monitor-lets-go
// file: mm/huge_memory.c
// history: mm/userfaultfd: fix uffd-wp special cases for fork() (8f34f1eac382)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 6.1 7.3
// tests: huge-held.huge.child-is-free
@@
identifier f = {copy_huge_pmd};
symbol pmd, dst_vma;
@@
 f(...)
 {
 <...
(
-if (!userfaultfd_protected(dst_vma))
-	{ ... }
|
-if (!userfaultfd_wp(dst_vma))
-	pmd = pmd_clear_uffd_wp(pmd);
)
 ...>
 }
