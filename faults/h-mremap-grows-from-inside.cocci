// SPDX-License-Identifier: GPL-2.0
// breaks: the page offset of the added part is computed from the address and not from the mapping
// claim: S2
// rule: legal-calls-work
// file: mm/mremap.c
// history: mm, mremap: fix mremap() expanding vma with addr inside vma (6f12be792fde)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1
// tests: mappings.*.end-grows
@@
identifier extension_pgoff, extension_start;
expression vma;
@@
 pgoff_t extension_pgoff = vma->vm_pgoff + (
-	(extension_start - vma->vm_start)
+	old_len
 >> PAGE_SHIFT);
