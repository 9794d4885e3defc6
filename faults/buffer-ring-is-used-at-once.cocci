// SPDX-License-Identifier: GPL-2.0
// breaks: a request takes a buffer out of the ring before it has data for it
// claim: S7
// rule: ring-of-buffers
// file: io_uring/kbuf.c
// resembles: io_uring/kbuf: always use READ_ONCE() to read ring provided buffer lengths, and the fixes of commit at selection before it
// tests: buffer-ring.*.kept-without-data
@@
identifier f = {io_should_commit};
@@
 f(...)
 {
 <...
-return false;
+return true;
 ...>
 }
