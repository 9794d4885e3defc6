// SPDX-License-Identifier: GPL-2.0
// breaks: fork shares a page that may be pinned for DMA instead of copying it for the child
// claim: S7
// rule: pin-follows-owner
// file: mm/memory.c
// tests: fixed-buffers.coherent-rw.pin-follows-owner-over-fork
@@
expression page, compound, vma;
@@
-	page_try_dup_anon_rmap(page, compound, vma)
+	(__page_dup_rmap(page, compound), ClearPageAnonExclusive(page), 0)
