// SPDX-License-Identifier: GPL-2.0
// breaks: one buffer can have pages of several files
// claim: S7
// rule: longterm-leaves-device
// file: io_uring/rsrc.c
// history: io_uring/rsrc: disallow multi-source reg buffers (edd478269640)
// source: Debian's changelog of linux 6.1.192-2 (stable updates)
// kernels: 6.1
// tests: joined-buffers.*.two-sources
@@
identifier f = {io_pin_pages};
identifier vmas, i, file;
@@
 f(...)
 {
 <...
-if (vmas[i]->vm_file != file) {
-	...
-}
 ...>
 }
