// SPDX-License-Identifier: GPL-2.0
// breaks: the pages of a registered buffer stay pinned after unregistration
// claim: S7
// rule: pin-ends-with-holder
// file: io_uring/rsrc.c
// resembles: nothing known
// tests: registered.coherent-rw.updated registered.coherent-rw.ring-left-by-exit
@@
identifier f = {io_buffer_unmap, io_release_ubuf};
expression E;
@@
 f(...)
 {
 <...
(
-unpin_user_page(E);
+(void)(E);
|
-unpin_user_folio(E, 1);
+(void)(E);
|
-unpin_user_folio(E);
+(void)(E);
)
 ...>
 }
