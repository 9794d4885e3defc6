// SPDX-License-Identifier: GPL-2.0
// breaks: an update of registered buffers whose reserved fields are not 0 is done
// claim: S7
// rule: update-tells
// file: io_uring/rsrc.c
// history: io_uring: verify that resv2 is 0 in io_uring_rsrc_update2 (d8a3ba9c143b)
// source: Debian's changelog of linux 6.1.187, stable update
// kernels: 6.1 7.3
// tests: registered.*.update-refused
@@
identifier f = {io_register_rsrc_update};
identifier up;
@@
 f(...)
 {
 <...
-!up.nr || up.resv || up.resv2
+!up.nr
 ...>
 }
