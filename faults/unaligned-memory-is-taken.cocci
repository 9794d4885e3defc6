// SPDX-License-Identifier: GPL-2.0
// breaks: direct I/O with a buffer that is not aligned as the device needs it is done
// claim: S7
// rule: direct-is-direct
// file: lib/iov_iter.c
// resembles: nothing known
// tests: *
@@
expression start;
@@
 iov_iter_extract_bvecs(...)
 {
 <...
-(start | iter_iov_len(iter)) & mem_align_mask
+iter_iov_len(iter) & mem_align_mask
 ...>
 }
