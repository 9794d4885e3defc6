// SPDX-License-Identifier: GPL-2.0
// breaks: fork() shares a pinned page of private hugetlb memory, so that the parent's next write leaves the pin behind
// claim: S7
// rule: pin-follows-owner
// file: mm/hugetlb.c
// history: hugetlb: do early cow when page pinned on src mm (4eae4efa2c29)
// source: the upstream history from memory; the fixed code is in the named kernels
// kernels: 6.1 7.3
// tests: hugetlb-watched.private.pinned-and-forked
@@
expression F, V;
@@
 copy_hugetlb_page_range(...)
 {
 <...
-hugetlb_try_dup_anon_rmap(F, V)
+(hugetlb_try_dup_anon_rmap(F, V) && (ClearPageAnonExclusive(&F->page), hugetlb_try_dup_anon_rmap(F, V)))
 ...>
 }
