// SPDX-License-Identifier: GPL-2.0
// breaks: mmap() of a part of the rings of io_uring inserts pages for the whole
// claim: S7
// rule: ring-in-parts
// file: io_uring/memmap.c
// history: io_uring: don't attempt to mmap larger than what the user asks for (06fe9b1df108)
// source: the Debian changelog, and the upstream history from memory
// kernels: 7.3
// tests: ring-parts.system.mapped-in-part
@@
identifier f = {io_uring_mmap};
symbol page_limit, sz;
@@
 f(...)
 {
 <...
-page_limit = (sz + PAGE_SIZE - 1) >> PAGE_SHIFT;
+page_limit = UINT_MAX;
 ...>
 }
