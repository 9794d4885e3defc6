// SPDX-License-Identifier: GPL-2.0
// breaks: cloned buffers are put at the begin of the table whatever place was asked for
// claim: S7
// rule: clone-within
// file: io_uring/rsrc.c
// resembles: nothing known
// tests: cloned.*.replaced-in-the-middle
@@
identifier f = {io_clone_buffers};
identifier off, arg;
@@
 f(...)
 {
 <...
-off = arg->dst_off;
+off = 0;
 ...>
 }
