// SPDX-License-Identifier: GPL-2.0
// breaks: unregistration of a buffer leaves one page accounted
// claim: S7
// rule: pins-are-accounted
// file: io_uring/rsrc.c
// resembles: nothing known
// tests: registered.*.accounted

@@
expression E1, E2;
@@
 io_buffer_unmap(...)
 {
 <...
- io_unaccount_mem(E1, E2, acct_pages)
+ io_unaccount_mem(E1, E2, acct_pages - 1)
 ...>
 }
