// SPDX-License-Identifier: GPL-2.0
// breaks: a mapping without pages keeps the page offset of the pages that were moved
// claim: S2
// rule: mappings-join
// file: mm/mremap.c
// history: mm/mremap: reset unfaulted VMA page offset for MREMAP_DONTUNMAP (commit not seen)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: mappings.*.left-mapping-joins
@@
identifier f = {move_vma};
expression vma, E;
@@
 f(...)
 {
 <...
-if (vma_is_anonymous(vma) && !vma->vm_file)
-	vma->vm_pgoff = E;
 ...>
 }

@@
identifier f = {dontunmap_complete};
expression vma;
@@
 f(...)
 {
 <...
(
-vma_set_anon_pgoff(...);
|
-if (vma_is_anonymous(vma) && !vma->vm_file)
-	vma_set_pgoff(...);
)
 ...>
 }
