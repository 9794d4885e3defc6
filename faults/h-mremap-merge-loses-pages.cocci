// SPDX-License-Identifier: GPL-2.0
// breaks: pages that mremap() moves into a neighbour without pages are not in its reverse map
// claim: S2
// rule: migration-is-the-way-in
// file: mm/vma.c
// history: mm/vma: fix anon_vma UAF on mremap() faulted, unfaulted merge (61f67c230a5e)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: mappings.*.remap-joins
@@
identifier f = {vma_expand};
symbol ret, vmg, target, anon_dup;
@@
 f(...)
 {
 <...
-if (!ret && vmg->copied_from)
-	ret = dup_anon_vma(target, vmg->copied_from, &anon_dup);
 ...>
 }
