// SPDX-License-Identifier: GPL-2.0
// breaks: a mapping with anonymous pages cannot map a huge page of its file
// claim: S2
// rule: collapse-by-state
// file: mm/khugepaged.c
// history: mm/khugepaged: fix collapse_pte_mapped_thp() to allow anon_vma (ab0c3f1251b4)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: collapse-shared.private-copy
@@
identifier f = {collapse_pte_mapped_thp, try_collapse_pte_mapped_thp};
expression vma, E;
@@
 f(...)
 {
 <...
(
 if (userfaultfd_wp(vma))
 	return E;
+if (vma->anon_vma)
+	return SCAN_VMA_CHECK;
|
 if (userfaultfd_protected(vma))
 	return E;
+if (vma->anon_vma)
+	return SCAN_VMA_CHECK;
)
 ...>
 }
