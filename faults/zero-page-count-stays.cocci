// SPDX-License-Identifier: GPL-2.0
// breaks: a zero page of KSM is still counted after it was freed or replaced by a write
// claim: S3
// rule: zero-pages-counted
// file: mm/memory.c
// resembles: nothing known
// tests: ksm-zero.replaced ksm-zero.freed
@@
identifier f = {zap_present_ptes, wp_page_copy, zap_pte_range};
@@
 f(...)
 {
 <...
-ksm_might_unmap_zero_page(...);
 ...>
 }
