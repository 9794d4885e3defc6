// SPDX-License-Identifier: GPL-2.0
// breaks: a ring of provided buffers does not move on after a read
// claim: S7
// rule: ring-of-buffers
// file: io_uring/kbuf.c
// resembles: nothing known
// tests: buffer-ring.*.in-order buffer-ring.*.used-again buffer-ring.*.short-read
@@
identifier f = {io_kbuf_commit};
@@
 f(...)
 {
 <...
-bl->head += nr;
 ...>
 }
