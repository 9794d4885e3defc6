// SPDX-License-Identifier: GPL-2.0
// breaks: memory that a program provided for a ring stays pinned when the ring does not use it any more
// claim: S7
// rule: pin-ends-with-holder ring-memory-pinned
// file: io_uring/memmap.c io_uring/kbuf.c
// resembles: nothing known
// tests: ring-memory.buffer-ring-coherent-rw.pinned
@@
identifier f = io_free_region;
expression mr, nr_refs;
@@
 f(...)
 {
 <...
-unpin_user_pages(mr->pages, nr_refs);
+(void)nr_refs;
 ...>
 }

@@
identifier f = __io_remove_buffers;
expression bl, j;
@@
 f(...)
 {
 <...
-unpin_user_page(bl->buf_pages[j]);
+(void)j;
 ...>
 }
