// SPDX-License-Identifier: GPL-2.0
// fixes: mremap() does not merge a range that userfaultfd watches with a neighbour, since it ends
// fixes: the watch of all of the mapping that it has then
// finding: mremap-unwatches-neighbour
// kernels: 6.1 6.12 7.3
// file: mm/vma.c mm/mmap.c
// tests: mappings.coherent-rw.watched-beside-moved mappings.coherent-ro.watched-beside-moved
// tests: mappings.system-rw.watched-beside-moved mappings.system-ro.watched-beside-moved
@@
identifier f = {copy_vma};
identifier join = {vma_merge_copied_range, vma_merge_new_range};
symbol vma;
identifier new_vma, vmg;
@@
 f(...)
 {
 <...
+if (userfaultfd_armed(vma))
+	vmg.prev = vmg.next = NULL;
 new_vma = join(&vmg);
 ...>
 }

@@
identifier f = {copy_vma};
symbol vma;
identifier new_vma;
expression E;
@@
 f(...)
 {
 <...
-if (E)
+if (userfaultfd_armed(vma) || (E))
 	new_vma = NULL;
 else
 	new_vma = vma_merge(...);
 ...>
 }
