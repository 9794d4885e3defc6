// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_REMOVE of a part of a mapping punches the hole at the mapping's begin
// claim: S7
// rule: range
// file: mm/madvise.c
// resembles: nothing known
// tests: file-shared.*
@@
expression start, vma;
@@
 madvise_remove(...)
 {
 <...
-start - vma->vm_start
+start - start
 ...>
 }
