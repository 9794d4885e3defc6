// SPDX-License-Identifier: GPL-2.0
// breaks: mmap() of a multiple of a huge page ignores the address that its caller asks for and that is free
// claim: S2
// rule: mappings-join
// file: mm/mmap.c
// history: mm: respect mmap hint address when aligning for THP (249608ee4713)
// source: Debian's changelog of linux 6.12.95, stable update
// kernels: 7.3
// tests: mappings.*.hint-is-taken
@@
identifier f = {__get_unmapped_area};
identifier addr, len;
expression E;
@@
 f(...)
 {
 <...
-E && !addr && IS_ALIGNED(len, PMD_SIZE)
+E && IS_ALIGNED(len, PMD_SIZE)
 ...>
 }
