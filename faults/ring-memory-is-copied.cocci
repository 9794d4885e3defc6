// SPDX-License-Identifier: GPL-2.0
// breaks: the kernel uses a copy of the memory that a program provides for a ring of buffers
// claim: S7
// rule: ring-memory-pinned
// file: io_uring/kbuf.c
// resembles: nothing known
// tests: ring-memory.buffer-ring-*.pinned
@@
identifier f = io_register_pbuf_ring;
expression br;
@@
 f(...)
 {
 <...
(
 br = page_address(...);
+br = kmemdup(br, PAGE_SIZE, GFP_KERNEL);
|
 br = io_region_get_ptr(...);
+br = kmemdup(br, PAGE_SIZE, GFP_KERNEL);
)
 ...>
 }
