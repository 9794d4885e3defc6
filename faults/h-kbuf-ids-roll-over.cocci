// SPDX-License-Identifier: GPL-2.0
// breaks: provided buffers whose numbers go past 65535 are accepted and begin again at 0
// claim: S7
// rule: provided-are-counted
// file: io_uring/kbuf.c
// history: io_uring: check for rollover of buffer ID when providing buffers (3851d25c75ed)
// source: Debian's changelog of linux 6.1.187, stable update
// kernels: 6.1 7.3
// tests: provided.*.last-number
@@
identifier f = {io_provide_buffers_prep};
identifier tmp;
identifier p;
@@
 f(...)
 {
 <...
-if (tmp + p->nbufs > MAX_BIDS_PER_BGID)
-	return -EINVAL;
 ...>
 }
