// SPDX-License-Identifier: GPL-2.0
// breaks: a fault of a page of a large folio maps its neighbours although userfaultfd watches the mapping
// claim: S2
// rule: events-are-told
// file: mm/memory.c
// resembles: nothing known
// tests: huge-shared.huge.watched-one-by-one
@@
identifier f = {finish_fault};
identifier vma;
@@
 f(...)
 {
 <...
-unlikely(userfaultfd_armed(vma))
+0
 ...>
 }
