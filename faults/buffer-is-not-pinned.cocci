// SPDX-License-Identifier: GPL-2.0
// breaks: io_uring takes FOLL_GET references to the pages of fixed buffers and does not pin them
// claim: S7
// rule: longterm-leaves-device pin-follows-owner
// file: io_uring/rsrc.c io_uring/memmap.c
// resembles: nothing known
// tests: coherent.rw.ring-register fixed-buffers.coherent-rw.registration
@@
identifier f = {io_pin_pages};
expression A, B, C, D, E;
@@
 f(...)
 {
 <...
(
-pin_user_pages(A, B, C, D, E)
+get_user_pages(A, B, FOLL_WRITE, D, E)
|
-pin_user_pages_fast(A, B, C, D)
+get_user_pages_fast(A, B, FOLL_WRITE, D)
|
-unpin_user_pages(A, B)
+release_pages(A, B)
)
 ...>
 }
@@
identifier f = {io_buffer_unmap, io_release_ubuf, io_sqe_buffer_register,
	io_coalesce_buffer, io_free_region};
expression A, B;
@@
 f(...)
 {
 <...
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
 ...>
 }
