// SPDX-License-Identifier: GPL-2.0
// breaks: munmap() of a range with two mappings unmaps the first and returns success
// claim: S2
// rule: whole-range
// file: mm/mmap.c mm/vma.c
// resembles: nothing known
// tests: whole-range.munmap.*

@@
identifier f = {do_mas_munmap, do_vmi_munmap};
@@
 __vm_munmap(...)
 {
 <...
+ if (find_vma(mm, start) && find_vma(mm, start)->vm_end < start + len)
+	len = find_vma(mm, start)->vm_end - start;
 ret = f(...);
 ...>
 }
