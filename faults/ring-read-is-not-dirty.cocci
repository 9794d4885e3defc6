// SPDX-License-Identifier: GPL-2.0
// breaks: an asynchronous direct read of a block device does not make the pages of its buffer dirty
// claim: S7 S3
// rule: bytes-arrive dirty-outlives-mapping
// file: block/fops.c
// resembles: nothing known
// tests: ring-ways.system-raw.read-to-freed
@@
identifier f = {__blkdev_direct_IO_async};
@@
 f(...)
 {
 <...
-bio_set_pages_dirty(...);
 ...>
 }
@@
identifier f = {__blkdev_direct_IO_async};
identifier dio;
@@
 f(...)
 {
 <...
-dio->flags |= DIO_SHOULD_DIRTY;
+;
 ...>
 }
