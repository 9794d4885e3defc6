// SPDX-License-Identifier: GPL-2.0
// breaks: the offset in a folio is computed from the user address
// claim: S7
// rule: bytes-arrive
// file: io_uring/rsrc.c
// history: io_uring/rsrc: don't rely on user vaddr alignment (3a3c6d61577d)
// source: upstream history, from memory; the fixed code is in the kernels named
// kernels: 7.3
// tests: joined-buffers.huge.odd-address
@@
identifier f = {io_sqe_buffer_register};
identifier coalesced, off;
expression E;
symbol iov, imu;
@@
 f(...)
 {
 <...
-if (coalesced)
-	off += E;
+if (coalesced)
+	off = (unsigned long)iov->iov_base & ((1UL << imu->folio_shift) - 1);
 ...>
 }
