// SPDX-License-Identifier: GPL-2.0
// breaks: a direct read of a hole of a file leaves the buffer as it was
// claim: S9
// rule: bytes-arrive
// file: fs/iomap/direct-io.c
// resembles: nothing known
// tests: direct-cache.*-file.hole
@@
identifier f = {iomap_dio_hole_iter};
symbol length, iter, dio, submit, size;
@@
 f(...)
 {
 <...
-loff_t length = iov_iter_zero(iomap_length(iter), dio->submit.iter);
+loff_t length = min_t(u64, iomap_length(iter), iov_iter_count(dio->submit.iter));
 ...
+iov_iter_advance(dio->submit.iter, length);
 dio->size += length;
 ...>
 }
