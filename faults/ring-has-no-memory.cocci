// SPDX-License-Identifier: GPL-2.0
// breaks: io_uring_setup(2) fails with ENOMEM
// claim: S7
// rule: legal-calls-work
// file: io_uring/io_uring.c
// resembles: nothing known
// tests: coherent.rw.ring-read fixed-buffers.coherent-rw.registration
@@
identifier f = {io_uring_setup};
expression to, from, size;
@@
 f(...)
 {
 <...
-if (copy_from_user(to, from, size)) return -EFAULT;
+if (copy_from_user(to, from, size) || from)
+	return -ENOMEM;
 ...>
 }
