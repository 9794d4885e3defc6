// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() keeps write protection although the userfaultfd does not follow
// claim: S5
// rule: uffd-wp-stops-writes
// file: mm/mremap.c mm/huge_memory.c
// history: mm: clear uffd-wp PTE/PMD state on mremap() (0cef0bb836e3, CVE-2025-21696)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: monitor.*.moved-away
@@
identifier need_clear_uffd_wp;
expression vma, pmd;
@@
(
 bool need_clear_uffd_wp =
-	vma_has_uffd_without_event_remap(vma)
+	false
 ;
|
 if (
-    vma_has_uffd_without_event_remap(vma)
+    0
    ) {
 	... when any
 	pmd = clear_uffd_wp_pmd(pmd);
 	...
 }
|
 if (
-    vma_has_uffd_without_event_remap(vma)
+    0
    )
 	pmd = clear_uffd_wp_pmd(pmd);
)
