// SPDX-License-Identifier: GPL-2.0
// breaks: a new page in a locked mapping is not counted as locked and can be reclaimed
// claim: S3
// rule: locked-as-memory
// file: mm/folio.c
// resembles: nothing known
// tests: mlock.*.filled
@@
identifier f = {folio_add_lru_vma};
identifier folio;
@@
 f(...)
 {
 <...
-mlock_new_folio(folio);
+folio_add_lru(folio);
 ...>
 }
