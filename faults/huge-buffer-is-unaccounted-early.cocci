// SPDX-License-Identifier: GPL-2.0
// breaks: a huge page of which two registered buffers have parts is not accounted any more when the first goes
// claim: S7
// rule: pins-are-accounted
// file: io_uring/rsrc.c
// resembles: nothing known
// tests: cloned-huge.outlives-the-first
@@
identifier f = {hpage_acct_unref};
identifier count;
@@
 f(...)
 {
 <...
-count == 1
+count
 ...>
 }
