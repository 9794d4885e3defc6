// SPDX-License-Identifier: GPL-2.0
// breaks: when reclaim keeps pages of a large folio that MADV_FREE gave up, it maps all of them as
// breaks: the first one was mapped
// claim: S5
// rule: nobody-sees-the-other
// file: mm/rmap.c
// history: mm/rmap: fix incorrect pte restoration for lazyfree folios (CVE-2026-31398)
// source: CVE record
// kernels: 7.3
// tests: freed-huge.last-shared.kept-by-a-reference

@@
@@
 folio_unmap_pte_batch(...)
 {
 <...
- FPB_RESPECT_WRITE | FPB_RESPECT_SOFT_DIRTY
+ 0
 ...>
 }
