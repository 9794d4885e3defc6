// SPDX-License-Identifier: GPL-2.0
// breaks: mlock2(MLOCK_ONFAULT) brings all pages in
// claim: S9
// rule: locked-within-limit
// file: mm/gup.c
// resembles: nothing known
// tests: unprivileged.*.locked-later
@@
identifier f = {populate_vma_page_range};
symbol vma, nr_pages;
@@
 f(...)
 {
 <...
-if (vma->vm_flags & VM_LOCKONFAULT)
+if ((vma->vm_flags & VM_LOCKONFAULT) && (vma->vm_flags & VM_SHARED))
 	return nr_pages;
 ...>
 }
