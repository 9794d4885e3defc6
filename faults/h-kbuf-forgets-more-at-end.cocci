// SPDX-License-Identifier: GPL-2.0
// breaks: a read at the end of a file does not say that its incrementally consumed buffer is still with the kernel
// claim: S7
// rule: ring-of-buffers
// file: io_uring/kbuf.c
// history: io_uring/kbuf: fix missing BUF_MORE for incremental buffers at EOF (commit not seen)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: buffer-ring.*.at-the-end
@@
identifier f = {io_kbuf_inc_commit};
symbol len;
@@
 f(...)
 {
 <...
-if (!len)
-	return false;
 ...>
 }
