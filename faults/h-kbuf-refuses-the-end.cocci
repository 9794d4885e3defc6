// SPDX-License-Identifier: GPL-2.0
// breaks: the ID after that of the last buffer is compared with the largest ID
// claim: S7
// rule: legal-calls-work
// file: io_uring/kbuf.c
// history: io_uring/kbuf: Fix check of BID wrapping in provided buffers (ab69838e7c75)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: provided.*.last-number
@@
identifier f = {io_provide_buffers_prep};
identifier tmp;
expression p;
@@
 f(...)
 {
 <...
-tmp + p->nbufs > MAX_BIDS_PER_BGID
+tmp + p->nbufs >= MAX_BIDS_PER_BGID
 ...>
 }
