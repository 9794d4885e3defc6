// SPDX-License-Identifier: GPL-2.0
// breaks: unmapping a device-private page of a mapping that is not anonymous prints a warning
// claim: S3
// rule: freed-to-the-driver kernel-survives
// file: mm/memory.c
// history: mm/memory: fix spurious warning when unmapping device-private/exclusive pages (commit not seen)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: file-pages.private-*
// seen: splat
@@
identifier f = {zap_pte_range, zap_nonpresent_ptes};
identifier vma;
@@
 f(..., struct vm_area_struct *vma, ...)
 {
 <...
(
-WARN_ON_ONCE(!PageAnon(...));
+WARN_ON_ONCE(!vma_is_anonymous(vma));
|
-WARN_ON_ONCE(!folio_test_anon(...));
+WARN_ON_ONCE(!vma_is_anonymous(vma));
)
 ...>
 }
