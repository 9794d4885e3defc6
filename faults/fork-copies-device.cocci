// SPDX-License-Identifier: GPL-2.0
// breaks: fork copies a page on a device for the child instead of sharing it
// claim: S5
// rule: fork-shares
// file: mm/memory.c
// resembles: nothing known
// tests: coherent.cow-shared.cpu-read coherent.cow-shared.cpu-write
@@
expression page, compound, vma;
@@
-page_try_dup_anon_rmap(page, compound, vma)
+(is_device_coherent_page(page) ? -EBUSY : page_try_dup_anon_rmap(page, compound, vma))
@@
expression folio, page;
expression list args;
@@
-folio_try_dup_anon_rmap_pte(folio, page, args)
+(folio_is_device_coherent(folio) ? -EBUSY : folio_try_dup_anon_rmap_pte(folio, page, args))
