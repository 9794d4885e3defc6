// SPDX-License-Identifier: GPL-2.0
// breaks: the pages of a folio in a bio are counted by the length, ignoring the offset in the first
// breaks: page
// claim: S7
// rule: pins-are-accounted
// file: block/bio.c
// history: block: Fix page refcounts for unaligned buffers in __bio_release_pages() (38b43539d64b)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: joined-buffers.huge.unaligned-read
@@
identifier f = {__bio_release_pages};
identifier nr_pages, fi;
@@
 f(...)
 {
 <...
-nr_pages = (fi.offset + fi.length - 1) / PAGE_SIZE - fi.offset / PAGE_SIZE + 1;
+nr_pages = DIV_ROUND_UP(fi.length, PAGE_SIZE);
 ...>
 }
