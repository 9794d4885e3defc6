// SPDX-License-Identifier: GPL-2.0
// breaks: a direct write behind the begin of a new block leaves old bytes of the disk before it
// claim: S7
// rule: bytes-arrive
// file: fs/iomap/direct-io.c
// resembles: nothing known
// tests: sequential.*-file.emptied-block
@@
expression iter, dio, pos, pad;
@@
 iomap_dio_bio_iter(...)
 {
 <...
-ret = iomap_dio_zero(iter, dio, pos - pad, pad);
+ret = 0;
 ...>
 }
