// SPDX-License-Identifier: GPL-2.0
// breaks: shared hugetlb memory is mapped read-only for soft-dirty tracking, which it does not have
// claim: S2
// rule: legal-calls-work
// file: mm/mmap.c mm/vma.c
// history: f96f7a40874d (mm/hugetlb: fix hugetlb not supporting softdirty tracking)
// source: upstream history; the check is in the named kernels
// kernels: 6.1 7.3
// tests: hugetlb-watched.shared.after-clear-refs

@@
expression E1, E2;
@@
 vma_wants_writenotify(...)
 {
 <...
- vma_soft_dirty_enabled(E1) && !is_vm_hugetlb_page(E2)
+ vma_soft_dirty_enabled(E1)
 ...>
 }
