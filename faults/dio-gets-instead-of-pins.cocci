// SPDX-License-Identifier: GPL-2.0
// breaks: direct I/O takes FOLL_GET references on a kernel on which it pins pages
// claim: S7
// rule: features-as-known
// file: block/bio.c lib/iov_iter.c
// resembles: nothing known
// tests: features.dio-pins.as-known
@@
identifier f = {iov_iter_extract_user_pages};
expression A, B, C, D;
@@
 f(...)
 {
 <...
-pin_user_pages_fast(A, B, C, D)
+get_user_pages_fast(A, B, C, D)
 ...>
 }
@@
expression A, B;
@@
(
-unpin_user_page(A)
+put_page(A)
|
-unpin_user_folio(A, B)
+folio_put_refs(A, B)
|
-unpin_user_pages(A, B)
+release_pages(A, B)
)
