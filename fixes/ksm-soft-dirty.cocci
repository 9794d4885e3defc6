// SPDX-License-Identifier: GPL-2.0
// fixes: a page that KSM merges stays soft-dirty if it was
// finding: ksm-soft-dirty
// kernels: 6.1 6.12 7.3
// file: mm/ksm.c
// tests: merged.*.written-since
@@
identifier f = replace_page;
identifier orig_pte;
expression kpage, vma, newpte;
@@
 f(..., pte_t orig_pte)
 {
 <...
 newpte = mk_pte(kpage, vma->vm_page_prot);
+if (pte_soft_dirty(orig_pte))
+	newpte = pte_mksoft_dirty(newpte);
 ...>
 }
