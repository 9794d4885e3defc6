// SPDX-License-Identifier: GPL-2.0
// breaks: a mapping whose size is no multiple of a huge page begins at one, so that it does not join its neighbour
// claim: S2
// rule: mappings-join
// file: mm/mmap.c
// history: mm, mmap: limit THP alignment of anonymous mappings to PMD-aligned sizes (d4148aeab412)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: mappings.*.odd-sizes-join
@@
identifier f = {__get_unmapped_area};
identifier len;
@@
 f(...)
 {
 <...
-IS_ALIGNED(len, PMD_SIZE)
+len >= PMD_SIZE
 ...>
 }
