// SPDX-License-Identifier: GPL-2.0
// breaks: what is left in front of a moved part is not charged any more if the mapping begins at address 0
// claim: S3
// rule: mappings-are-counted
// file: mm/mremap.c
// history: mm/mremap: correctly handle partial mremap() of VMA starting at 0 (commit not seen)
// source: Debian's changelog of linux 6.12.95, stable update
// kernels: 7.3
// tests: mappings.*.moved-out-of-first
@@
identifier f = {unmap_source_vma};
@@
 f(...)
 {
 <...
-vm_start < addr
+vm_start && vm_start < addr
 ...>
 }
