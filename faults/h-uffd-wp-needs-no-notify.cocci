// SPDX-License-Identifier: GPL-2.0
// breaks: the page protection of a shared mapping allows writes that userfaultfd must see
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/mmap.c mm/vma.c
// history: mm/userfaultfd: enable writenotify while userfaultfd-wp is enabled for a VMA (51d3d5eb74ff)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: monitor.*.shared-after-mprotect
@@
identifier f = {vma_wants_writenotify};
expression vma, E;
@@
 f(...)
 {
 <...
-if (userfaultfd_wp(vma))
-	return E;
 ...>
 }
