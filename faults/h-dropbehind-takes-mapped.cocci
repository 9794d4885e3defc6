// SPDX-License-Identifier: GPL-2.0
// breaks: RWF_DONTCACHE removes a page from the page cache that a process maps
// claim: S2
// rule: nothing-else-changes
// file: mm/filemap.c
// history: mm: filemap: retain mapped dropbehind folios (commit not seen)
// source: Debian's changelog of linux 7.2.13, stable update
// kernels: 7.3
// tests: file-shared.rw.mapped-though-not-cached
@@
identifier f = {filemap_end_dropbehind};
identifier mapping, folio;
@@
 f(...)
 {
 <...
-mapping && !folio_mapped(folio)
+mapping
 ...>
 }
