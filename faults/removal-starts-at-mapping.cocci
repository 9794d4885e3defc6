// SPDX-License-Identifier: GPL-2.0
// breaks: MADV_REMOVE of a part of a mapping punches the hole at the mapping's begin
// claim: S2
// rule: hole-is-filled
// file: mm/madvise.c
// resembles: nothing known
// tests: page-runs.shared.removed
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
