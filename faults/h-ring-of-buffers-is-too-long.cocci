// SPDX-License-Identifier: GPL-2.0
// breaks: the memory of a ring of buffers is taken for one entry longer than it is
// claim: S7
// rule: ring-of-buffers
// file: io_uring/kbuf.c
// history: io_uring: fix size calculation when registering buf ring (48ba08374e77)
// source: Debian changelog of 6.1
// kernels: 6.1 7.3
// tests: buffer-ring.*.fills-its-page

@@
expression E1, E2, E3;
@@
 io_register_pbuf_ring(...)
 {
 <...
- flex_array_size(E1, E2, E3)
+ (flex_array_size(E1, E2, E3) + sizeof(*E1))
 ...>
 }
