// SPDX-License-Identifier: GPL-2.0
// breaks: direct I/O of a vector whose second part is not aligned fails and leaves the first part pinned
// claim: S7
// rule: pin-ends-with-holder
// file: block/bio.c
// resembles: a fix between 6.12 and 7.3, subject not seen
// tests: direct-cache.*.unaligned
@@
identifier f = {bio_iov_iter_get_pages};
expression A, B;
@@
 f(...)
 {
 <...
-bio_release_pages(A, B);
 ...>
 }
