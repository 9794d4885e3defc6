// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_COLLAPSE drops userfaultfd's protection of the pages that it collapses
// claim: S5 S2
// rule: uffd-wp-stops-writes collapse-by-state
// file: mm/khugepaged.c
// resembles: nothing known
// tests: collapse-states.uffd-wp.by-advice
@@
identifier f = {__collapse_huge_page_isolate,collapse_scan_pmd,hpage_collapse_scan_pmd};
@@
 f(...)
 {
 <...
-pte_uffd(...)
+0
 ...>
 }
@@
identifier f = {__collapse_huge_page_isolate,hpage_collapse_scan_pmd};
@@
 f(...)
 {
 <...
-pte_uffd_wp(...)
+0
 ...>
 }
