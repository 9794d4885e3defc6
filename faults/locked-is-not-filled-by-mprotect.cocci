// SPDX-License-Identifier: GPL-2.0
// breaks: locked memory that mprotect() makes writable is not copied at once
// claim: S2
// rule: locked-as-memory
// file: mm/mprotect.c
// resembles: nothing known
// tests: mappings.*.locked-becomes-writable
@@
identifier f = {mprotect_fixup};
symbol vma, start, end;
@@
 f(...)
 {
 <...
-populate_vma_page_range(vma, start, end, NULL);
+;
 ...>
 }
