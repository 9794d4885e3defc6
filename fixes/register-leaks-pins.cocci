// SPDX-License-Identifier: GPL-2.0
// fixes: a registration that gets no memory for its table releases the pins of the buffer
// finding: register-leaks-pins
// kernels: 6.1
// file: io_uring/rsrc.c
// tests: failures.*.registration
@@
identifier f = io_sqe_buffer_register;
expression imu, E;
@@
 f(...)
 {
 <...
 imu = kvmalloc(E, GFP_KERNEL);
-if (!imu)
+if (!imu) {
+	unpin_user_pages(pages, nr_pages);
 	goto done;
+}
 ...>
 }
