// SPDX-License-Identifier: GPL-2.0
// breaks: direct I/O with a buffer of both device and system memory does not unpin what it leaves for the next part
// claim: S7
// rule: pin-ends-with-holder
// file: lib/iov_iter.c
// resembles: nothing known
// tests: coherent.rw.dio-*.placed-last direct-io.*.read-half-placed
@@
identifier f = {iov_iter_extract_bvecs};
@@
 f(...)
 {
 <...
-unpin_user_page(pages[i++])
+i++
 ...>
 }
