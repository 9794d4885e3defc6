// SPDX-License-Identifier: GPL-2.0
// breaks: fork shares a page that may be pinned for DMA instead of copying it for the child
// claim: S7
// rule: pin-follows-owner
// file: mm/memory.c
// resembles: 70e806e4e645 (mm: Do early cow for pinned pages during fork() for ptes) reverted
// tests: fixed-buffers.coherent-rw.pin-follows-owner-over-fork
@@
expression page, compound, vma;
@@
-page_try_dup_anon_rmap(page, compound, vma)
+(__page_dup_rmap(page, compound), ClearPageAnonExclusive(page), 0)
@@
expression folio, page;
expression list args;
@@
-folio_try_dup_anon_rmap_pte(folio, page, args)
+(atomic_inc(&folio->_mapcount), ClearPageAnonExclusive(page), 0)
