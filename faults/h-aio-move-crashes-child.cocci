// SPDX-License-Identifier: GPL-2.0
// breaks: mremap() of the ring of AIO by a child of fork() crashes
// claim: S2
// rule: remapped
// file: fs/aio.c
// history: aio: fix mremap after fork null-deref (81e9d6f86476)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 6.1 7.3
// tests: mappings.*.remap-of-aio
// seen: check crash
@@
identifier f = {aio_ring_mremap};
identifier table;
statement S;
@@
 f(...)
 {
 <...
-if (!table) S
 ...>
 }
