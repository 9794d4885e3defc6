// SPDX-License-Identifier: GPL-2.0
// breaks: at most 65535 buffers are allowed
// claim: S7
// rule: legal-calls-work
// file: io_uring/kbuf.c
// history: io_uring/kbuf: Allow the full buffer id space for provided buffers (f74c746e476b)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: provided.*.full-group
@@
identifier f = {io_provide_buffers_prep};
identifier tmp;
expression E;
@@
 f(...)
 {
 <...
-if (!tmp || tmp > MAX_BIDS_PER_BGID)
+if (!tmp || tmp > USHRT_MAX)
 	return E;
 ...>
 }
