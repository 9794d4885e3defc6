// SPDX-License-Identifier: GPL-2.0
// breaks: cloning of registered buffers from the n-th on takes those from the first on
// claim: S7
// rule: clone-within
// file: io_uring/rsrc.c
// resembles: nothing known
// tests: cloned.*.taken-from-the-middle
@@
identifier i;
@@
 io_clone_buffers(...)
 {
 <...
-i = arg->src_off;
+i = 0;
 ...>
 }
