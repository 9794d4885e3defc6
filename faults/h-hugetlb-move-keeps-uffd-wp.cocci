// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() of hugetlb memory takes userfaultfd's protection to a mapping that no userfaultfd has
// claim: S2
// rule: monitor-lets-go
// file: mm/hugetlb.c
// history: mm: clear uffd-wp PTE/PMD state on mremap() (0cef0bb836e3, CVE-2025-21696, in part)
// source: the Debian changelog, and the upstream history from memory
// kernels: 7.3
// tests: hugetlb-watched.*.moved
@@
identifier f = {move_huge_pte};
symbol need_clear_uffd_wp, vma;
@@
 f(...)
 {
 <...
-bool need_clear_uffd_wp = vma_has_uffd_without_event_remap(vma);
+bool need_clear_uffd_wp = false;
 ...>
 }
