// SPDX-License-Identifier: GPL-2.0
// breaks: a read with a buffer of a ring goes beyond the buffer if more is asked for
// claim: S7
// rule: ring-of-buffers
// file: io_uring/kbuf.c
// resembles: nothing known
// tests: buffer-ring.*.larger-than-the-buffer
@@
identifier f = {io_ring_buffer_select};
symbol len, buf_len;
@@
 f(...)
 {
 <...
-if (*len == 0 || *len > buf_len)
+if (*len == 0)
 	*len = buf_len;
 ...>
 }
