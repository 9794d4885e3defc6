// SPDX-License-Identifier: GPL-2.0
// breaks: io_uring pins fixed buffers without FOLL_WRITE
// claim: S7 S5
// rule: write-needs-vm-write
// file: io_uring/rsrc.c io_uring/memmap.c
// resembles: nothing known
// tests: coherent.ro.ring-register fixed-buffers.coherent-ro.*
@@
@@
-FOLL_WRITE | FOLL_LONGTERM
+FOLL_LONGTERM
