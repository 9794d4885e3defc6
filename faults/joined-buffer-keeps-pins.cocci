// SPDX-License-Identifier: GPL-2.0
// breaks: pages of a registered buffer of huge pages stay pinned when it is unregistered
// claim: S7
// rule: pin-ends-with-holder
// file: io_uring/rsrc.c
// resembles: nothing known
// tests: joined-buffers.*
@@
identifier f = {io_coalesce_buffer};
identifier nr;
@@
 f(...)
 {
 <...
-if (nr > 1) unpin_user_folio(...);
 ...>
 }
