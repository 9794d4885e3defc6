// SPDX-License-Identifier: GPL-2.0
// breaks: a vector of more than 1024 parts is taken
// claim: S7
// rule: flags-as-a-whole
// file: lib/iov_iter.c
// resembles: nothing known
// tests: ordinary.*.too-long-a-vector
@@
identifier f = {iovec_from_user};
identifier nr_segs;
statement S;
@@
 f(...)
 {
 <...
-if (nr_segs > UIO_MAXIOV) S
 ...>
 }
