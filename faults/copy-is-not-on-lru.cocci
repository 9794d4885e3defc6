// SPDX-License-Identifier: GPL-2.0
// breaks: the copy of a shared page is on no LRU list
// claim: S3 S2
// rule: back-is-memory migration-is-the-way-in
// file: mm/memory.c
// resembles: nothing known
// tests: file-pages.* reclaim.*.each-way
@@
identifier f = {wp_page_copy};
@@
 f(...)
 {
 <...
-folio_add_lru_vma(...);
 ...>
 }
@@
identifier f = {wp_page_copy};
@@
 f(...)
 {
 <...
-lru_cache_add_inactive_or_unevictable(...);
 ...>
 }
