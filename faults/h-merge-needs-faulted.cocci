// SPDX-License-Identifier: GPL-2.0
// breaks: a mapping with pages does not merge with a neighbour that has none
// claim: S2
// rule: mappings-join
// file: mm/vma.c
// history: mm/vma: fix incorrectly disallowed anonymous VMA merges (879bca0a2c4f)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: mappings.*.untouched-joins
@@
identifier f = {is_mergeable_anon_vma};
symbol tgt_anon, src_anon;
@@
 f(...)
 {
 <...
 if (!tgt_anon && src_anon) {
 ...
-return true;
+return false;
 }
 ...>
 }
