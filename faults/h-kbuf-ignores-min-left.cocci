// SPDX-License-Identifier: GPL-2.0
// breaks: an incrementally consumed buffer stays in use although less than min_left bytes of it are left
// claim: S7
// rule: ring-of-buffers
// file: io_uring/kbuf.c
// history: io_uring/kbuf: support min length left for incremental buffers (7deba791ad49)
// source: Debian's changelog of linux 6.12.95, stable update
// kernels: 7.3
// tests: ring-parts.*.buffers-with-minimum
@@
identifier f = {io_kbuf_inc_commit};
identifier buf_len, bl;
@@
 f(...)
 {
 <...
-buf_len > bl->min_left_sub_one
+buf_len
 ...>
 }
