// SPDX-License-Identifier: GPL-2.0
// breaks: a large page that is unmapped as a whole is put on the list of those that wait for being split
// claim: S3
// rule: accounts-return
// file: mm/rmap.c
// history: mm/rmap: do not add fully unmapped large folio to deferred split list (commit not seen)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: large.split-coherent-*.unmapped
@@
identifier f = {__folio_remove_rmap};
expression mapped;
identifier nr;
@@
 f(...)
 {
 <...
-nr && atomic_read(mapped)
+nr
 ...>
 }
