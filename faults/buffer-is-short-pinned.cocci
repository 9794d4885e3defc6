// SPDX-License-Identifier: GPL-2.0
// breaks: io_uring pins fixed buffers without FOLL_LONGTERM
// claim: S7
// rule: longterm-leaves-device
// file: io_uring/rsrc.c io_uring/memmap.c
// resembles: nothing known
// tests: coherent.rw.ring-register fixed-buffers.coherent-rw.registration
@@
@@
-FOLL_WRITE | FOLL_LONGTERM
+FOLL_WRITE
