// SPDX-License-Identifier: GPL-2.0
// breaks: I/O with a registered buffer may go beyond its end, up to the end of the page
// claim: S7
// rule: bytes-arrive
// file: io_uring/rsrc.c
// resembles: nothing known
// tests: fixed-parts.*.written

@@
@@
 validate_fixed_range(...)
 {
 <...
- buf_end > (imu->ubuf + imu->len)
+ buf_end > PAGE_ALIGN(imu->ubuf + imu->len)
 ...>
 }
