// SPDX-License-Identifier: GPL-2.0
// breaks: fallocate() of a block device with a mode that it does not have discards what was written through the page cache
// claim: S3
// rule: failure-loses-nothing
// file: block/fops.c
// history: block: Don't invalidate pagecache for invalid falloc modes (1364a3c391ae)
// source: Debian's changelog of linux; the commit from memory
// kernels: 6.1 7.3
// tests: direct-cache.*-raw.refused-change
@@
@@
 blkdev_fallocate(...)
 {
 <...
+truncate_bdev_range(bdev, file_to_blk_mode(file), start, end);
 error = -EOPNOTSUPP;
 ...>
 }
