// SPDX-License-Identifier: GPL-2.0
// breaks: the registration of buffers with io_uring fails with ENOMEM
// claim: S7
// rule: longterm-leaves-device bytes-arrive
// file: io_uring/rsrc.c
// resembles: nothing known
// tests: coherent.rw.ring-register fixed-buffers.coherent-rw.registration
@@
identifier f = {io_sqe_buffers_register};
expression busy;
@@
 f(..., unsigned int nr_args, ...)
 {
 <...
 if (busy) return -EBUSY;
+if (nr_args)
+	return -ENOMEM;
 ...>
 }
