// SPDX-License-Identifier: GPL-2.0
// breaks: a read-only block device can be mapped shared and writable
// claim: S9
// rule: read-only-device
// file: block/fops.c
// history: block: Deny writable memory mapping if block is read-only (69baa3a623fd)
// source: the Debian changelog, and the upstream history from memory
// kernels: 6.1 7.3
// tests: direct-cache.*-raw.made-read-only
@@
identifier f = {blkdev_mmap_prepare, blkdev_mmap};
@@
 f(...)
 {
 <...
-bdev_read_only(...)
+false
 ...>
 }
