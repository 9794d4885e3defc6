// SPDX-License-Identifier: GPL-2.0
// breaks: a memfd with F_SEAL_WRITE cannot be mapped shared for reading
// claim: S5
// rule: sealed-stays
// file: mm/memfd.c
// history: mm: reinstate ability to map write-sealed memfd mappings read-only (8ec396d05d1b)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: sealed.*.file-sealed-for-writing
@@
identifier f = {check_write_seal};
identifier vma_flags_ptr;
statement S;
@@
 f(...)
 {
 <...
-if (vma_flags_test(vma_flags_ptr, VMA_WRITE_BIT)) S
+return -EPERM;
 ...>
 }
