// SPDX-License-Identifier: GPL-2.0
// breaks: a buffer of 2 GiB or more of an incremental ring is not advanced by what was used of it
// claim: S7
// rule: ring-of-buffers
// file: io_uring/kbuf.c
// history: io_uring/kbuf: fix signedness in this_len calculation (c64eff368ac6)
// source: the upstream history from memory; the fixed code is in the named kernels
// kernels: 7.3
// tests: provided.*.of-two-gigabytes
@@
typedef u32;
expression len, buf_len;
@@
 io_kbuf_inc_commit(...)
 {
 <...
-min_t(u32, len, buf_len)
+min_t(int, len, buf_len)
 ...>
 }
