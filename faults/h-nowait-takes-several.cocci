// SPDX-License-Identifier: GPL-2.0
// breaks: RWF_NOWAIT of a block device begins a transfer that needs more than one request, which then may fail in the middle
// claim: S7
// rule: flags-as-a-whole
// file: block/fops.c
// history: block: don't allow multiple bios for IOCB_NOWAIT issue (67d59247d4b5)
// source: Debian's changelog of linux 6.1.187, stable update
// kernels: 6.1 7.3
// tests: *
@@
identifier f = {__blkdev_direct_IO};
identifier iter;
@@
 f(...)
 {
 <...
-unlikely(iov_iter_count(iter))
+false
 ...>
 }
