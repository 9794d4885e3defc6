// SPDX-License-Identifier: GPL-2.0
// breaks: the number of bytes of the first segment is used as the number of segments
// claim: S7
// rule: bytes-arrive
// file: io_uring/rsrc.c
// history: io_uring/rsrc: fix incorrect assignment of iter->nr_segs in io_import_fixed (a23800f08a60)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: *
@@
identifier f = {io_import_fixed};
symbol nr_segs, offset, bvec, imu;
expression E;
@@
 f(...)
 {
 <...
 nr_segs = E;
+if (offset && bvec == imu->bvec)
+	nr_segs = bvec->bv_len;
 ...>
 }
