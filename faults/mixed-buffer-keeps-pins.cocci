// SPDX-License-Identifier: GPL-2.0
// breaks: direct I/O with a buffer of both device and system memory does not unpin what it leaves for the next part
// claim: S7
// rule: pins-are-returned
// file: lib/iov_iter.c
// resembles: nothing known
// tests: coherent.*
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
