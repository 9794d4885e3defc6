// SPDX-License-Identifier: GPL-2.0
// breaks: a direct write to a page of the page cache that is held fails with EIO
// claim: S7
// rule: bytes-arrive
// file: fs/iomap/direct-io.c
// history: iomap: fall back to buffered writes for invalidation failures (60263d5889e6)
// source: the upstream history from memory; the fixed code is in the named kernels
// kernels: 6.1 7.3
// tests: *
@@
@@
 __iomap_dio_rw(...)
 {
 <...
-ret = -ENOTBLK;
+ret = -EIO;
 ...>
 }
