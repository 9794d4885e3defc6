// SPDX-License-Identifier: GPL-2.0
// breaks: after clear_refs and mprotect(), a write to shared hugetlb memory goes to a private copy
// claim: S5
// rule: legal-calls-work
// file: mm/mmap.c mm/vma.c mm/hugetlb.c
// resembles: f96f7a40874d (mm/hugetlb: fix hugetlb not supporting softdirty tracking) and
// resembles: 1d8d14641fd9 (mm/hugetlb: support write-faults in shared mappings) reverted
// tests: hugetlb-watched.shared.after-clear-refs

@@
@@
 vma_wants_writenotify(...)
 {
 <...
- vma_soft_dirty_enabled(vma) && !is_vm_hugetlb_page(vma)
+ vma_soft_dirty_enabled(vma)
 ...>
 }

@@
@@
 hugetlb_wp(...)
 {
 <...
- if (vma->vm_flags & VM_MAYSHARE) {
- ...
- }
 ...>
 }
