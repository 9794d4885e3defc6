// SPDX-License-Identifier: GPL-2.0
// breaks: a registered buffer that leaves one huge page before its end goes on behind that end
// claim: S7
// rule: bytes-arrive
// file: io_uring/rsrc.c
// resembles: nothing known
// tests: joined-buffers.huge.begins-of-two
@@
identifier f = {io_check_coalesce_buffer};
statement S;
identifier data;
@@
 f(...)
 {
 <...
-if (folio_page_idx(...) != data->nr_pages_mid - 1) S
 ...>
 }
