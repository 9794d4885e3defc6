// SPDX-License-Identifier: GPL-2.0
// breaks: private memory of /dev/zero without pages keeps its offset when mremap() moves it
// claim: S2
// rule: mappings-join
// file: mm/vma.c mm/mmap.c
// history: mremap: fix the wrong !vma->vm_file check in copy_vma() (14d071134c74)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 6.1 7.3
// tests: mappings.*.remap-of-zero-device
@@
identifier f = {copy_vma};
identifier vma;
@@
 f(...)
 {
 <...
-if (vma_is_anonymous(vma)) {
+if (!vma->vm_file) {
 ...
 }
 ...>
 }
@@
identifier f = {copy_vma};
identifier vma;
@@
 f(...)
 {
 <...
-vma_is_anonymous(vma) && !vma->anon_vma
+!vma->vm_file && !vma->anon_vma
 ...>
 }
