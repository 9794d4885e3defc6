// SPDX-License-Identifier: GPL-2.0
// breaks: a read by io_uring that ends in the middle returns the bytes of its last part only
// claim: S7
// rule: bytes-arrive
// file: io_uring/rw.c
// history: io_uring/rw: fix short rw error handling; don't lose partial IO result on fail
// history: (89473c1a9205 and 47b4c6866075)
// source: upstream history; the code is in the named kernels
// kernels: 6.1 7.3
// tests: sequential.*-file.end-of-file-by-ring

@@
@@
 io_fixup_rw_res(...)
 {
 ...
- if (req_has_async_data(req) && io->bytes_done > 0) {...}
 ...
 }
