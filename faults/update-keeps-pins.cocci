// SPDX-License-Identifier: GPL-2.0
// breaks: a registered buffer that IORING_REGISTER_BUFFERS_UPDATE replaces stays pinned
// claim: S7
// rule: pin-ends-with-holder
// file: io_uring/rsrc.c
// resembles: nothing known
// tests: registered.*.updated

@@
@@
 __io_sqe_buffers_update(...)
 {
 <...
- io_reset_rsrc_node(...);
 ...>
 }
