// SPDX-License-Identifier: GPL-2.0
// breaks: a read of a file into an incrementally consumed buffer goes to where the next read has to go
// claim: S7
// rule: ring-of-buffers
// file: io_uring/kbuf.c
// history: io_uring/kbuf: use pre-committed buffer address for non-pollable file (ed123c948d06)
// source: Debian's changelog of linux 6.12.95, stable update
// kernels: 7.3
// tests: buffer-ring.*.of-a-file
@@
identifier f = {io_ring_buffer_select};
identifier sel;
@@
 f(...)
 {
 <...
 sel.buf_list = NULL;
+sel.addr = u64_to_user_ptr(READ_ONCE(buf->addr));
 ...>
 }
