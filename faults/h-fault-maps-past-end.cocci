// SPDX-License-Identifier: GPL-2.0
// breaks: a fault maps pages of a large folio behind the end of the file
// claim: S2
// rule: legal-calls-work
// file: mm/memory.c
// history: mm/memory: do not populate page table entries beyond i_size (74207de2ba10)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: file-shared.rw.cut-while-held
@@
identifier f = {finish_fault};
identifier needs_fallback;
expression E;
@@
 f(...)
 {
 <...
-needs_fallback = !shmem_mapping(...) && E;
+;
 ...>
 }
