// SPDX-License-Identifier: GPL-2.0
// breaks: the position is updated only if end_io of the filesystem returns 0
// claim: S7
// rule: direct-is-direct
// file: fs/iomap/direct-io.c
// history: iomap: update ki_pos a little later in iomap_dio_complete (936e114a245b)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1 7.3
// tests: *
@@
identifier f = {iomap_dio_complete};
expression ret, iocb;
@@
 f(...)
 {
 ... when any
 if (likely(!ret)) {
 	...
+	iocb->ki_pos += ret;
 }
 ... when any
 if (ret > 0) {
-	iocb->ki_pos += ret;
 	...
 }
 ... when any
 }
