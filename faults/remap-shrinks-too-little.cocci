// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() to a smaller size leaves the last page mapped
// claim: S2
// rule: remapped
// file: mm/mremap.c
// resembles: nothing known
// tests: mappings.*.remap-shrinks
@@
identifier f = {shrink_vma};
symbol unmap_bytes, unmap_start;
expression list es;
@@
 f(...)
 {
 <...
-do_vmi_munmap(&vmi, mm, unmap_start, unmap_bytes, es)
+do_vmi_munmap(&vmi, mm, unmap_start, unmap_bytes - (unmap_bytes > PAGE_SIZE ? PAGE_SIZE : 0), es)
 ...>
 }
