// SPDX-License-Identifier: GPL-2.0
// breaks: MREMAP_DONTUNMAP of memory without pages to a place beside itself makes one mapping of both
// claim: S2
// rule: remapped
// file: mm/vma.c
// resembles: nothing known
// tests: mappings.*.left-beside
@@
identifier f = {copy_vma};
symbol can_self_merge, keep_source;
@@
 f(...)
 {
 <...
-if (can_self_merge && keep_source)
-	{ ... }
 ...>
 }
