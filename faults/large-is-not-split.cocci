// SPDX-License-Identifier: GPL-2.0
// breaks: migration leaves all pages of a large folio that is mapped by PTEs in memory
// claim: S2
// rule: large-is-split
// file: mm/migrate_device.c
// resembles: nothing known
// tests: large.split-coherent-rw.whole large.mthp-coherent-rw.whole
@@
identifier f = migrate_vma_split_folio;
expression ret, folio;
@@
 f(...)
 {
 <...
-ret = split_folio(folio);
+ret = -EAGAIN;
 ...>
 }
