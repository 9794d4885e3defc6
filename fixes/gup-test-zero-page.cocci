// SPDX-License-Identifier: GPL-2.0
// fixes: gup_test does not expect a raised count of a zero page, which FOLL_PIN leaves alone
// finding: gup-test-zero-page
// kernels: 6.1 6.12 7.3
// file: mm/gup_test.c
@@
identifier f = verify_dma_pinned;
expression page;
@@
 f(...)
 {
 <...
(
-!page_maybe_dma_pinned(page)
+!page_maybe_dma_pinned(page) && !is_zero_pfn(page_to_pfn(page))
|
-!folio_maybe_dma_pinned(page)
+!folio_maybe_dma_pinned(page) && !is_zero_folio(page)
)
 ...>
 }
