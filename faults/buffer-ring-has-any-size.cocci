// SPDX-License-Identifier: GPL-2.0
// breaks: a ring of buffers whose size is no power of two is accepted
// claim: S7
// rule: ring-of-buffers
// file: io_uring/kbuf.c
// resembles: nothing known
// tests: buffer-ring.*.refused
@@
identifier f = {io_register_pbuf_ring};
symbol reg;
@@
 f(...)
 {
 <...
-if (!is_power_of_2(reg.ring_entries))
-	return -EINVAL;
 ...>
 }
