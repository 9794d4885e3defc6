// SPDX-License-Identifier: GPL-2.0
// breaks: UFFDIO_MOVE moves pages of locked memory to memory that is not locked
// claim: S2
// rule: moved-by-mapping
// file: mm/userfaultfd.c
// resembles: nothing known
// tests: uffd-move.*.wrong-ranges
@@
identifier f = {validate_move_areas};
symbol src_vma, dst_vma;
@@
 f(...)
 {
 <...
-if ((src_vma->vm_flags & VM_LOCKED) != (dst_vma->vm_flags & VM_LOCKED))
+if ((dst_vma->vm_flags & VM_LOCKED) && !(src_vma->vm_flags & VM_LOCKED))
 	return -EINVAL;
 ...>
 }
