// SPDX-License-Identifier: GPL-2.0
// breaks: mlock() of private writable memory only reads it, so that the first write to it still has to copy
// claim: S3
// rule: locked-as-memory
// file: mm/gup.c
// resembles: nothing known
// tests: mlock.*.filled mappings.*.locked-becomes-writable
@@
identifier f = {populate_vma_page_range};
identifier gup_flags;
@@
 f(...)
 {
 <...
-gup_flags |= FOLL_WRITE;
+;
 ...>
 }
