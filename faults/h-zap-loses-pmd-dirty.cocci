// SPDX-License-Identifier: GPL-2.0
// breaks: the dirty bit of a huge mapping is dropped when it is unmapped
// claim: S3
// rule: swap-keeps
// file: mm/huge_memory.c
// history: mm/huge_memory: transfer the pmd dirty bit to the folio on zap (CVE-2026-89987)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: huge-shared.huge.written-and-unmapped
@@
identifier f = {zap_huge_pmd, zap_huge_pmd_folio};
expression E;
identifier is_present;
@@
 f(...)
 {
 <...
(
-if (pmd_present(E) && pmd_dirty(E))
-	folio_mark_dirty(...);
|
-if (is_present && pmd_dirty(E))
-	folio_mark_dirty(...);
)
 ...>
 }
