// SPDX-License-Identifier: GPL-2.0
// breaks: a request begins with the bytes that the last user of its memory had done
// claim: S7
// rule: bytes-arrive
// file: io_uring/rw.c
// history: io_uring/rw: ensure io->bytes_done is always initialized (0a535eddbe0d)
// source: Debian's changelog of linux; the commit from memory
// kernels: 7.3
// tests: ring-ways.*
@@
identifier rw;
@@
 io_rw_alloc_async(...)
 {
 <...
-rw->bytes_done = 0;
 ...>
 }
