// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_COPY onto a huge page fails with another errno than EEXIST, or repeats for ever
// claim: S2
// rule: fill-needs-hole
// file: mm/userfaultfd.c
// history: userfaultfd: fix checks for huge PMDs (71c186efc1b2)
// source: Debian's changelog of linux 6.12.95, stable update
// kernels: 7.3
// tests: uffd-fill.anonymous.over-huge
@@
identifier f = {mfill_establish_pmd};
identifier dst_pmdval;
@@
 f(...)
 {
 <...
-!pmd_present(dst_pmdval) || pmd_leaf(dst_pmdval)
+!pmd_present(dst_pmdval)
 ...>
 }
