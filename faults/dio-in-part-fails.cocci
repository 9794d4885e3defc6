// SPDX-License-Identifier: GPL-2.0
// breaks: direct I/O with a buffer whose end is not mapped fails and leaves its begin pinned
// claim: S7
// rule: partial-transfer pin-ends-with-holder
// file: block/bio.c
// resembles: nothing known
// tests: ordinary.*
@@
identifier f = {bio_iov_iter_get_pages};
identifier bio, ret;
@@
 f(...)
 {
 <...
-if (!bio->bi_vcnt) return ret;
+return ret;
 ...>
 }
