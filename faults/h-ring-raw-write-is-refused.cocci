// SPDX-License-Identifier: GPL-2.0
// breaks: a buffered write to a block device by io_uring fails with EOPNOTSUPP
// claim: S7
// rule: bytes-arrive
// file: io_uring/rw.c
// history: io_uring: retry raw bdev writes if we -EOPNOTSUPP (faac996ccd5d and c0a9d496e0fe)
// source: the upstream history from memory; the fixed code is in the named kernels
// kernels: 7.3
// tests: ring-ways.*-raw.written-through-cache
@@
@@
 io_write(...)
 {
 <...
-if (ret2 == -EOPNOTSUPP && (kiocb->ki_flags & IOCB_NOWAIT))
-	ret2 = -EAGAIN;
 ...>
 }
@@
expression res;
@@
 __io_complete_rw_common(...)
 {
 <...
-(res == -EOPNOTSUPP || res == -EAGAIN)
+(res == -EAGAIN)
 ...>
 }
