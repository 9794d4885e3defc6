// SPDX-License-Identifier: GPL-2.0
// breaks: vectored I/O with a registered buffer takes the first page of an element for all of its pages
// claim: S7
// rule: bytes-arrive
// file: io_uring/rsrc.c
// resembles: nothing known
// tests: ring-ways.*
@@
identifier off, len, idx, src;
statement S;
@@
 io_vec_fill_bvec(...)
 {
 <...
-for (; len; off = 0, idx++, src++)
+for (; len; off = 0, idx++)
 	S
 ...>
 }
