// SPDX-License-Identifier: GPL-2.0
// breaks: an access that begins at the second page of a registered buffer is set up as one at the
// breaks: end of the first
// claim: S7
// rule: bytes-arrive
// file: io_uring/rsrc.c
// history: io_uring: fix off-by one bvec index (d6fef34ee4d1)
// source: Debian changelog of 6.1
// kernels: 7.3
// tests: fixed-parts.*.written-directly

@@
expression E;
@@
 io_import_fixed(...)
 {
 <...
(
- if (E < bvec->bv_len)
+ if (E <= bvec->bv_len)
 {...} else {...}
|
- if (E >= bvec->bv_len)
+ if (E > bvec->bv_len)
 {...}
)
 ...>
 }
